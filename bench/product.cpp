#include "bench/product.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "bench/clocks.h"
#include "bench/settings.h"

namespace ddbvault {
namespace {

// How often its memory is looked at.
constexpr int kLookEveryMilliseconds = 5;
constexpr double kLongestSeconds = 3600;

[[noreturn]] void ThrowErrno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::string Place(const std::string& prefix) {
  return std::string("s3://") + kCannedBucket + "/" + prefix;
}

}  // namespace

RunningProduct::RunningProduct(std::vector<std::string> command,
                               const std::vector<std::string>& environment,
                               const std::filesystem::path& output)
    : output_(output) {
  for (const std::string& word : command) command_line_ += word + ' ';
  std::vector<std::string> variables = environment;
  const std::vector<char*> argv = Pointers(command);
  const std::vector<char*> envp = Pointers(variables);
  const int out = open(output.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (out < 0) ThrowErrno(output.string());
  started_ = WallSeconds();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(out);
  if (pid_ < 0) ThrowErrno("fork");
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0) ThrowErrno("pidfd_open");
}

RunningProduct::~RunningProduct() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(pidfd_);
}

void RunningProduct::Signal(int signal) const { kill(pid_, signal); }

// The clock ticks of /proc/PID/stat are too coarse for what is to be nearly nothing.
double RunningProduct::CpuSeconds() const {
  double nanoseconds = 0;
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid_) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    nanoseconds += std::strtod(ReadFile(task.path() / "schedstat").c_str(), nullptr);
  }
  return nanoseconds * 1e-9;
}

// Notes what memory it has while it waits.
bool RunningProduct::EndsWithin(int milliseconds) {
  pollfd polled{pidfd_, POLLIN, 0};
  if (poll(&polled, 1, milliseconds) > 0) return true;
  // ru_maxrss would not do: it counts what the bench itself had when it forked.
  const std::string status = ReadFile("/proc/" + std::to_string(pid_) + "/status");
  const std::size_t at = status.find("VmHWM:");
  if (at != std::string::npos) {
    rss_megabytes_ = std::max(rss_megabytes_, std::strtod(status.c_str() + at + 6, nullptr) / 1024);
  }
  if (WallSeconds() - started_ > kLongestSeconds) {
    throw std::runtime_error(command_line_ + "does not end:\n" + ReadFile(output_));
  }
  return false;
}

void RunningProduct::WaitUntil(const std::function<bool()>& so) {
  while (!so()) {
    if (!EndsWithin(kLookEveryMilliseconds)) continue;
    Wait();
    throw std::runtime_error(command_line_ + "has ended too early:\n" + ReadFile(output_));
  }
}

void RunningProduct::RunFor(double seconds) {
  const double until = WallSeconds() + seconds;
  WaitUntil([until] { return WallSeconds() >= until; });
}

Usage RunningProduct::Wait() {
  while (!EndsWithin(kLookEveryMilliseconds)) {
  }
  Usage usage;
  rusage used{};
  int status = 0;
  if (wait4(pid_, &status, 0, &used) != pid_) ThrowErrno("wait4");
  pid_ = -1;
  usage.wall_seconds = WallSeconds() - started_;
  usage.cpu_seconds = Seconds(used.ru_utime) + Seconds(used.ru_stime);
  usage.rss_megabytes = rss_megabytes_;
  usage.output = ReadFile(output_);
  const bool well = WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 4);
  if (!well) {
    throw std::runtime_error(command_line_ + "ended with " + std::to_string(status) + ":\n" +
                             usage.output);
  }
  return usage;
}

Product::Product(CannedServer& server) : server_(server) {
  environment_ = {"HOME=" + directory().string(),
                  std::string("AWS_ACCESS_KEY_ID=") + kBenchAccessKey,
                  std::string("AWS_SECRET_ACCESS_KEY=") + kBenchSecretKey,
                  std::string("AWS_REGION=") + kCannedRegion,
                  "AWS_EC2_METADATA_DISABLED=true",
                  "AWS_ENDPOINT_URL=" + server.url()};
  const char* path = std::getenv("PATH");
  if (path != nullptr) environment_.push_back(std::string("PATH=") + path);
}

std::filesystem::path Product::Binary() { return DDBVAULT_BINARY; }

std::unique_ptr<RunningProduct> Product::Start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Binary().string());
  return std::make_unique<RunningProduct>(std::move(arguments), environment_,
                                          directory() / "output");
}

Usage Product::Run(std::vector<std::string> arguments) {
  return Start(std::move(arguments))->Wait();
}

Usage Product::RunUnder(std::vector<std::string> wrapper,
                        const std::vector<std::string>& arguments) {
  wrapper.push_back(Binary().string());
  wrapper.insert(wrapper.end(), arguments.begin(), arguments.end());
  RunningProduct running(std::move(wrapper), environment_, directory() / "output");
  return running.Wait();
}

Usage Product::RunFollow(int in_flight, std::uint64_t changes, const std::vector<std::string>& more,
                         std::vector<std::string> wrapper) {
  std::vector<std::string> arguments = Follow(in_flight);
  arguments.insert(arguments.end(), more.begin(), more.end());
  wrapper.push_back(Binary().string());
  wrapper.insert(wrapper.end(), arguments.begin(), arguments.end());
  RunningProduct running(std::move(wrapper), environment_, directory() / "output");
  running.WaitUntil([this, changes] {
    // With none to write it is following when it has read, more than once.
    return changes > 0 ? server_.item_puts() >= changes : server_.counts()["GetRecords"] > 2;
  });
  running.Signal(SIGTERM);
  return running.Wait();
}

std::vector<std::string> Product::Follow(int in_flight) {
  const std::string checkpoints = "checkpoints-" + std::to_string(++runs_) + ".db";
  return {"follow",        kCannedTable,
          "--incremental", Place(kCannedBackup),
          "--checkpoints", directory() / checkpoints,
          "--in-flight",   std::to_string(in_flight),
          "--quiet"};
}

std::vector<std::string> Product::Backfill(int in_flight) {
  return {"backfill",
          kCannedTable,
          "--restart",
          "--incremental",
          Place(kCannedBackup),
          "--in-flight",
          std::to_string(in_flight),
          "--quiet"};
}

std::vector<std::string> Product::Snapshot(int in_flight) {
  return {"snapshot",      kCannedTable,
          "--incremental", Place(kCannedBackup),
          "--snapshots",   Place("snapshots-" + std::to_string(++runs_)),
          "--in-flight",   std::to_string(in_flight),
          "--quiet"};
}

std::vector<std::string> Product::SnapshotTo(const std::filesystem::path& directory) {
  std::vector<std::string> arguments = Snapshot(kInFlight);
  arguments[5] = directory.string();
  return arguments;
}

std::vector<std::string> Product::Restore(const std::filesystem::path& directory) {
  return {"restore",     kCannedEmptyTable,  std::string(kCannedTable) + "/latest",
          "--snapshots", directory.string(), "--quiet"};
}

std::vector<std::string> Product::RestoreInPlace(const std::filesystem::path& directory) {
  return {"restore",     kCannedTable,       "latest", "--into-existing",
          "--snapshots", directory.string(), "--quiet"};
}

KeptObjects Product::Followed(std::uint32_t shards) {
  CannedLoad load;
  load.shards = shards;
  server_.SetKept({});
  server_.Load(load);
  std::vector<std::string> arguments = Follow(kInFlight);
  arguments.insert(arguments.end(), {"--once", "--backfill"});
  Run(std::move(arguments));
  return server_.kept();
}

void Product::Load(const CannedLoad& load) {
  if (!followed_.contains(load.shards)) followed_[load.shards] = Followed(load.shards);
  server_.SetKept(followed_[load.shards]);
  server_.Load(load);
}

}  // namespace ddbvault
