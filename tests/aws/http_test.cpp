#include "aws/http.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

using Fields = std::vector<HttpHeaders::Field>;

Fields FieldsOf(const HttpHeaders& headers) {
  Fields fields;
  for (const auto& field : headers.fields()) fields.push_back(field);
  return fields;
}

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
  EXPECT_EQ(FieldsOf(headers), (Fields{{"a", "4"}, {"B", "2"}}));
  headers.Set("c", "5");
  EXPECT_EQ(FieldsOf(headers), (Fields{{"a", "4"}, {"B", "2"}, {"c", "5"}}));
  EXPECT_EQ(headers.fields().size(), 3U);
}

TEST(HttpHeaders, TakeMoreThanIsUsual) {
  HttpHeaders headers;
  const std::string long_value(1000, 'x');
  for (int i = 0; i < 40; ++i)
    headers.Add("name" + std::to_string(i), std::to_string(i) + long_value);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(headers.Find("Name" + std::to_string(i)), std::to_string(i) + long_value);
  }
  const HttpHeaders copy = headers;
  headers.Set("name7", "8");
  EXPECT_EQ(headers.Find("name7"), "8");
  EXPECT_EQ(copy.Find("name7"), "7" + long_value);
}

}  // namespace
}  // namespace ddbvault
