#include "aws/http.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(HttpHeaders, FindsTheFirstOfANameInAnyCase) {
  HttpHeaders headers;
  headers.Add("X-Amz-Crc32", "1");
  headers.Add("x-amz-crc32", "2");
  EXPECT_EQ(headers.Find("X-AMZ-CRC32"), "1");
  EXPECT_TRUE(headers.Has("x-amz-crc32"));
  EXPECT_FALSE(headers.Has("x-amz-crc3"));
  EXPECT_EQ(headers.Find("x-amz-crc322"), "");
}

TEST(HttpHeaders, SetReplacesAllOfThatNameInThePlaceOfTheFirst) {
  HttpHeaders headers;
  headers.Add("a", "1");
  headers.Add("B", "2");
  headers.Add("A", "3");
  headers.Set("a", "4");
  EXPECT_EQ(headers.fields(), (Fields{{"a", "4"}, {"B", "2"}}));
  headers.Set("c", "5");
  EXPECT_EQ(headers.fields(), (Fields{{"a", "4"}, {"B", "2"}, {"c", "5"}}));
}

}  // namespace
}  // namespace ddbvault
