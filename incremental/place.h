// Where backups are: "s3://bucket/prefix" or "file:///dir" (also a plain path).
#pragma once

#include <string>
#include <string_view>

namespace ddbvault {

struct Place {
  bool s3 = false;
  std::string bucket;     // s3
  std::string prefix;     // s3: without a leading or trailing '/'; may be empty
  std::string directory;  // file: absolute, without a trailing '/'

  // "s3://bucket/prefix", "s3://bucket", "file:///dir": ParsePlace() of it gives the same place.
  std::string url() const;
  bool operator==(const Place&) const = default;
};

// Reads "s3://bucket/prefix", "file:///dir" or a path; a path is taken as it is (nothing in it is
// percent-decoded), a relative one is made absolute against the working directory.  Throws
// Error{kFixCommand}, with a hint, for anything else: another scheme, a host in a file URL, a
// bucket name that S3 does not allow, a control character.
Place ParsePlace(std::string_view text);

}  // namespace ddbvault
