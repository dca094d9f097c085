// dynamo-backup-to-s3, told where the server is: it has no option for that.
const path = require('node:path');
const Backup = require('dynamo-backup-to-s3');

for (const from of ['dynamo-backup-to-s3', 's3-streaming-upload']) {
  const AWS = require(require.resolve(
    'aws-sdk', {paths: [path.dirname(require.resolve(from)), __dirname]}));
  AWS.config.update({endpoint: process.env.AWS_ENDPOINT_URL, s3ForcePathStyle: true,
                     sslEnabled: false, region: process.env.AWS_REGION});
}
new Backup({bucket: 'bench-bucket', awsRegion: process.env.AWS_REGION, readPercentage: 1,
            backupPath: 'dump'})
  .backupTable('bench', 'dump', error => {
    if (error) throw error;
  });
