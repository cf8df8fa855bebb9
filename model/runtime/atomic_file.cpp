#include "model/runtime/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <streambuf>

namespace catena::model {
namespace fs = std::filesystem;
namespace {

std::string reason(int error) {
  std::string text = std::strerror(error);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) return text + "; make room and save again";
  if (error == EACCES || error == EPERM || error == EROFS) return text + "; choose a folder you may write to";
  if (error == ENOENT) return text + "; create the folder first";
  return text;
}

[[noreturn]] void fail(const fs::path& target, int error) {
  throw WriteError("cannot write '" + target.string() + "': " + reason(error));
}

fs::path resolved(const fs::path& target) {
  std::error_code error;
  if (!fs::is_symlink(target, error)) return target;
  const fs::path real = fs::weakly_canonical(target, error);
  return error ? target : real;
}

void sync_folder(const fs::path& folder) {
  // Makes the rename itself durable. Some file systems refuse to sync a folder: the data is safe by then.
  const int handle = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  ::fsync(handle);
  ::close(handle);
}

}  // namespace

class AtomicFile::Buffer : public std::streambuf {
 public:
  explicit Buffer(const fs::path& target) : target_(resolved(target)) {
    static std::atomic<unsigned> number{0};
    temporary_ = target_;
    temporary_ += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(number++);
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0) fail(target_, errno);
    struct stat old {};
    if (::stat(target_.c_str(), &old) == 0) {
      if (S_ISDIR(old.st_mode)) {
        discard();
        fail(target_, EISDIR);
      }
      // Best effort: a foreign owner's permissions may not be ours to give.
      if (::fchmod(file_, old.st_mode & 07777) != 0) errno = 0;
    }
    setp(pending_.data(), pending_.data() + pending_.size());
  }

  ~Buffer() override { discard(); }

  void commit() {
    if (file_ < 0) throw std::runtime_error("cannot write '" + target_.string() + "': it was already committed");
    flush();
    if (error_ == 0 && ::fsync(file_) != 0) error_ = errno;
    if (::close(file_) != 0 && error_ == 0) error_ = errno;
    file_ = -1;
    if (error_ == 0 && ::rename(temporary_.c_str(), target_.c_str()) != 0) error_ = errno;
    if (error_ != 0) {
      ::unlink(temporary_.c_str());
      fail(target_, error_);
    }
    sync_folder(target_.parent_path());
  }

 protected:
  int_type overflow(int_type next) override {
    if (!flush()) return traits_type::eof();
    if (!traits_type::eq_int_type(next, traits_type::eof())) sputc(traits_type::to_char_type(next));
    return traits_type::not_eof(next);
  }

  std::streamsize xsputn(const char* data, std::streamsize count) override {
    if (count <= 0) return 0;
    if (count < epptr() - pptr()) {
      std::memcpy(pptr(), data, static_cast<std::size_t>(count));
      pbump(static_cast<int>(count));
      return count;
    }
    return flush() && put(data, static_cast<std::size_t>(count)) ? count : 0;
  }

  int sync() override { return flush() ? 0 : -1; }

 private:
  bool flush() {
    const auto count = static_cast<std::size_t>(pptr() - pbase());
    setp(pending_.data(), pending_.data() + pending_.size());
    return put(pending_.data(), count);
  }

  bool put(const char* data, std::size_t count) {
    while (count > 0 && error_ == 0) {
      const ssize_t written = ::write(file_, data, count);
      if (written < 0) {
        if (errno != EINTR) error_ = errno;
        continue;
      }
      data += written;
      count -= static_cast<std::size_t>(written);
    }
    return error_ == 0;
  }

  void discard() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(temporary_.c_str());
    file_ = -1;
  }

  fs::path target_;
  fs::path temporary_;
  int file_ = -1;
  int error_ = 0;  // the first errno; nothing is written after it
  std::array<char, 1 << 16> pending_;
};

AtomicFile::AtomicFile(const fs::path& target) : buffer_(std::make_unique<Buffer>(target)), stream_(buffer_.get()) {}

AtomicFile::~AtomicFile() = default;

std::ostream& AtomicFile::stream() { return stream_; }

void AtomicFile::commit() { buffer_->commit(); }

void write_file(const fs::path& target, std::string_view contents) {
  AtomicFile file(target);
  file.stream().write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.commit();
}

}  // namespace catena::model
