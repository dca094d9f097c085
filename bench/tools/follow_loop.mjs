// A plain loop on the AWS SDK: GetRecords -> PutObject, until a page is empty.
import {createHash} from 'node:crypto';
import {DynamoDBStreamsClient, DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand,
        ListStreamsCommand} from '@aws-sdk/client-dynamodb-streams';
import {PutObjectCommand, S3Client} from '@aws-sdk/client-s3';
import {inFlight} from './in_flight.mjs';

const endpoint = process.env.AWS_ENDPOINT_URL;
const streams = new DynamoDBStreamsClient({endpoint});
const s3 = new S3Client({endpoint, forcePathStyle: true, requestHandler: {httpAgent: {maxSockets: 64}}});

async function* records() {
  const {Streams: [{StreamArn}]} = await streams.send(new ListStreamsCommand({TableName: 'bench'}));
  const {StreamDescription} = await streams.send(new DescribeStreamCommand({StreamArn}));
  const [{ShardId}] = StreamDescription.Shards;
  let {ShardIterator} = await streams.send(
    new GetShardIteratorCommand({StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON'}));
  for (;;) {
    const page = await streams.send(new GetRecordsCommand({ShardIterator}));
    if (page.Records.length === 0) return;
    yield* page.Records;
    ShardIterator = page.NextShardIterator;
  }
}

await inFlight(records(), 64, ({dynamodb}) => {
  const name = createHash('sha256').update(JSON.stringify(dynamodb.Keys)).digest('hex');
  return s3.send(new PutObjectCommand({Bucket: 'bench-bucket', Key: `backup/bench/${name}`,
                                       Body: JSON.stringify(dynamodb.NewImage),
                                       ContentType: 'application/json'}));
});
