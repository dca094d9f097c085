// A plain loop on the AWS SDK: ListObjectsV2 -> GetObject -> gzip.
import {createWriteStream} from 'node:fs';
import {createGzip} from 'node:zlib';
import {GetObjectCommand, ListObjectsV2Command, S3Client} from '@aws-sdk/client-s3';
import {inFlight} from './in_flight.mjs';

const s3 = new S3Client({endpoint: process.env.AWS_ENDPOINT_URL, forcePathStyle: true,
                         requestHandler: {httpAgent: {maxSockets: 64}}});
const gzip = createGzip();
gzip.pipe(createWriteStream('/dev/null'));

async function* objects() {
  let ContinuationToken;
  do {
    const page = await s3.send(new ListObjectsV2Command(
      {Bucket: 'bench-bucket', Prefix: 'backup/bench/', ContinuationToken}));
    yield* page.Contents ?? [];
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
}

await inFlight(objects(), 64, async ({Key}) => {
  const {Body} = await s3.send(new GetObjectCommand({Bucket: 'bench-bucket', Key}));
  gzip.write(`{"Item":${await Body.transformToString()}}\n`);
});
gzip.end();
