#include "aws/credential_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "aws/credential_json.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kMaxOutput = 1 << 20;
// Programs that ask a person (a browser, a hardware key) need a while.
constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(60);

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { Close(); }
  void Close() {
    if (value_ >= 0) ::close(std::exchange(value_, -1));
  }
  int value() const { return value_; }

 private:
  int value_;
};

[[noreturn]] void Fail(const std::string& what) {
  throw Error(Reaction::kPermission, "the program of credential_process " + what);
}

// The program's start: stdin from /dev/null, stdout into `output`, signals as at a login shell
// (threads of ours may have blocked some).
pid_t Spawn(const std::vector<std::string>& words, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = -1;
  const int problem =
      ::posix_spawnp(&child, arguments.front(), &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (problem != 0) Fail(std::string("cannot be started: ") + std::strerror(problem));
  return child;
}

// Killed and reaped, whatever happens, unless Wait() has reaped it.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (id_ < 0) return;
    ::kill(id_, SIGKILL);
    Wait();
  }
  pid_t id() const { return id_; }
  int Wait() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return status;
  }

 private:
  pid_t id_;
};

// Waits until one of the two can be read; false: the timer went off first.
bool AwaitReadable(int file, int timer) {
  std::array<pollfd, 2> files{{{file, POLLIN, 0}, {timer, POLLIN, 0}}};
  while (::poll(files.data(), files.size(), -1) < 0) {
    if (errno != EINTR) Fail("cannot be waited for");
  }
  return files[0].revents != 0;
}

std::string ReadOutput(int output, int timer) {
  std::string text;
  std::array<char, 16384> chunk{};
  for (;;) {
    if (!AwaitReadable(output, timer)) Fail("has not ended in time");
    const ssize_t count = ::read(output, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail("cannot be read from");
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxOutput) Fail("writes too much");
  }
}

void CheckStatus(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status)) Fail("ended with status " + std::to_string(WEXITSTATUS(status)));
  Fail("was ended by signal " + std::to_string(WTERMSIG(status)));
}

}  // namespace

std::vector<std::string> SplitCommand(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const bool last = i + 1 == command.size();
    if (c == '\\' && quote != '\'' && !last &&
        (quote == 0 || command[i + 1] == '"' || command[i + 1] == '\\')) {
      word += command[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) {
    throw Error(Reaction::kFixCommand, "a quote in credential_process is not closed");
  }
  if (in_word) words.push_back(word);
  if (words.empty()) throw Error(Reaction::kFixCommand, "credential_process names no program");
  return words;
}

std::string RunCredentialProcess(const std::vector<std::string>& words,
                                 std::chrono::milliseconds timeout) {
  std::array<int, 2> pipe_ends{};
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) Fail("cannot be given a pipe");
  const Descriptor output(pipe_ends[0]);
  Descriptor input(pipe_ends[1]);
  const Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec limit{};
  limit.it_value.tv_sec = timeout.count() / 1000;
  limit.it_value.tv_nsec = timeout.count() % 1000 * 1000000;
  if (::timerfd_settime(timer.value(), 0, &limit, nullptr) != 0) Fail("cannot be timed");

  Child child(Spawn(words, input.value()));
  input.Close();
  std::string text = ReadOutput(output.value(), timer.value());
  // The end of its output is not yet its end.  Kernels before 5.3 have no pidfd: trust it there.
  const Descriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, child.id(), 0)));
  if (ended.value() >= 0 && !AwaitReadable(ended.value(), timer.value())) {
    Fail("has not ended in time");
  }
  CheckStatus(child.Wait());
  return text;
}

Task<std::optional<Credentials>> ProcessSource::Fetch() {
  const std::vector<std::string> words = SplitCommand(command_);
  const auto run = [words] { return RunCredentialProcess(words, kTimeout); };
  std::string text;
  try {
    text = co_await context_.workers.Run(run);
  } catch (Error& error) {
    error.Within("profile " + profile_)
        .Hint("Its own message, if any, stands above; run it by hand to see more.");
    throw;
  }
  const nlohmann::json object = ParseCredentialJson(text, name());
  const auto version = object.find("Version");
  if (version == object.end() || *version != 1) {
    throw Error(Reaction::kPermission, name() + " answered with another Version than 1");
  }
  co_return CredentialsFromJson(object, "SessionToken", name());
}

}  // namespace ddbvault
