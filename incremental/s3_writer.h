// One body on its way into S3 in pieces: see s3_store.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aws/s3_client.h"
#include "incremental/object_store.h"

namespace ddbvault {

class S3Writer : public ObjectWriter {
 public:
  S3Writer(std::shared_ptr<S3Client> client, std::string key, std::string content_type,
           bool versioned);
  // Aborts an upload that was neither committed nor discarded: its parts would be paid for, unseen,
  // until a lifecycle rule removes them.
  ~S3Writer() override;
  S3Writer(const S3Writer&) = delete;
  S3Writer& operator=(const S3Writer&) = delete;

  Task<void> Write(std::string_view bytes) override;
  Task<PutResult> Commit() override;
  Task<void> Discard() override;

 private:
  std::size_t part_size() const;
  Task<void> SendPart();
  Task<PutResult> CommitSmall();
  Task<PutResult> CommitParts();
  Task<PutResult> LookForCompleted();
  Task<void> Abort();
  std::string ExpectedETag() const;

  std::shared_ptr<S3Client> client_;
  std::string key_;
  std::string content_type_;
  bool versioned_;
  std::string buffer_;
  std::string upload_id_;  // empty until the body is larger than one part
  Executor executor_;      // that the upload was begun on
  std::vector<std::string> etags_;
  std::uint64_t size_ = 0;
  bool ended_ = false;  // committed or failed
};

}  // namespace ddbvault
