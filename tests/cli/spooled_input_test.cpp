#include "cli/spooled_input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "aws/event_loop.h"
#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

// The test's own standard input is another file while this lives.
class InputFrom {
 public:
  explicit InputFrom(const std::string& path) : before_(dup(STDIN_FILENO)) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_GE(file, 0);
    dup2(file, STDIN_FILENO);
    close(file);
  }
  ~InputFrom() {
    dup2(before_, STDIN_FILENO);
    close(before_);
  }
  InputFrom(const InputFrom&) = delete;
  InputFrom& operator=(const InputFrom&) = delete;

 private:
  int before_;
};

Context NoContext() {
  const Environment environment = [](std::string_view) -> std::optional<std::string> {
    return std::nullopt;
  };
  return Context(ParseCommandLine({"restore", "orders", "-"}), Settings(), environment);
}

TEST(SpooledInput, KeepsAllOfItForAsLongAsItLives) {
  const TempDir directory;
  const std::string path = directory.path() / "lines";
  const std::string text = std::string(3'000'000, 'x') + "end";
  std::ofstream(path) << text;
  const InputFrom input(path);
  Context context = NoContext();
  std::filesystem::path kept;
  {
    SpooledInput spooled;
    context.loop().Run(spooled.Fill(context));
    kept = spooled.directory() / SpooledInput::kName;
    std::stringstream there;
    there << std::ifstream(kept).rdbuf();
    EXPECT_EQ(there.str(), text);
    struct stat info {};
    ASSERT_EQ(stat(kept.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
  }
  EXPECT_FALSE(std::filesystem::exists(kept.parent_path()));
}

TEST(SpooledInput, EndsWhenItIsStopped) {
  Context context = NoContext();
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const InputFrom input("/proc/self/fd/" + std::to_string(ends[0]));  // nothing comes, and no end
  SpooledInput spooled;
  context.stop().Request();
  EXPECT_THROW(context.loop().Run(spooled.Fill(context)), Error);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace ddbvault
