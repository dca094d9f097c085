// A program that a test starts, listens to and ends: the real binary, as an operator runs it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ddbvault {

// Started by the constructor; killed and reaped by the destructor if it still runs.  It does not
// outlive the test program either, not even one that is killed.
//
// Both outputs are read all the time, so that the program never waits for the test.  Waiting has a
// deadline and never polls by sleeping; a deadline that passes, and an end that comes instead of
// what was waited for, is a std::runtime_error that shows the command line and all output so far.
//
// For one thread of the test.
class ChildProcess {
 public:
  using Duration = std::chrono::milliseconds;

  // argv[0] is the program: a path, or a name that is looked up in PATH.  `env` is the whole
  // environment of the child except for PATH and the sanitizers' options, which it inherits;
  // stdin is empty.  Throws std::runtime_error if the program cannot be run.
  explicit ChildProcess(std::vector<std::string> argv,
                        const std::map<std::string, std::string>& env = {},
                        const std::filesystem::path& directory = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // The first line of the output, not yet returned by an earlier wait, that contains `text`; lines
  // before it are passed over.  Without its newline.
  std::string WaitForStdoutLine(std::string_view text, Duration deadline);
  std::string WaitForStderrLine(std::string_view text, Duration deadline);

  // Returns at once; a program that has ended already is left alone.
  void Signal(int signal);
  // SIGKILL, and waits for the end.
  void Kill();

  // Waits until the program has ended and all its output is read.  The exit status as the shell
  // says it: 128 + n for one that signal n ended.
  int Wait(Duration deadline);
  bool running();

  // All output so far; complete after Wait().
  std::string stdout_text() const;
  std::string stderr_text() const;

 private:
  struct Output {
    int fd = -1;
    std::string text;          // guarded by mutex_
    bool closed = false;       // guarded by mutex_
    std::size_t searched = 0;  // up to where WaitFor...Line has returned lines
  };

  void Start(const std::map<std::string, std::string>& env, const std::filesystem::path& directory);
  void ReadOutputs();
  std::string WaitForLine(Output& output, std::string_view text, Duration deadline);
  bool WaitForEnd(Duration deadline);
  [[noreturn]] void Fail(const std::string& what) const;

  std::vector<std::string> argv_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> status_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Output stdout_;
  Output stderr_;
  std::thread reader_;
};

}  // namespace ddbvault
