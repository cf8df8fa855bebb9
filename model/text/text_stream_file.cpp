// Saving and loading of streams: little-endian, a checksum over every checkpoint's own fields; chain states bring
// theirs.
#include <array>
#include <cstring>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>

#include "model/text/text_stream.h"

namespace catena::model {
namespace {

constexpr std::array<char, 8> magic{'C', 'A', 'T', 'S', 'T', 'R', 'M', '1'};
constexpr std::uint32_t most_marks = 4096;
constexpr std::size_t most_pending = Segmenter::max_segment + 3;

struct FileHeader {
  std::array<char, 8> magic;
  std::uint64_t model;
  std::uint32_t marks;
  std::uint32_t reserved;
};
static_assert(sizeof(FileHeader) == 24, "no padding in the file");

struct CheckpointHeader {
  std::int64_t bytes;
  std::int64_t proof;
  std::int32_t indentation;
  std::uint8_t blank;
  std::uint8_t pending_bytes;
  std::array<char, most_pending> pending;
  std::array<char, 3> reserved;
  std::uint64_t checksum;
};
static_assert(sizeof(CheckpointHeader) == 88, "no padding in the file");

std::uint64_t checksum(const CheckpointHeader& header) {
  std::array<unsigned char, offsetof(CheckpointHeader, checksum)> bytes{};
  std::memcpy(bytes.data(), &header, bytes.size());
  std::uint64_t hash = 14695981039346656037ULL;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211ULL;
  return hash;
}

template <class T>
void write(std::ostream& out, const T& value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T read_value(std::istream& in) {
  T value{};
  in.read(reinterpret_cast<char*>(&value), sizeof value);
  if (static_cast<std::size_t>(in.gcount()) != sizeof value) throw std::runtime_error("saved stream is truncated");
  return value;
}

void save_checkpoint(std::ostream& out, const Checkpoint& mark) {
  CheckpointHeader header{};
  header.bytes = mark.bytes;
  header.proof = mark.proof;
  header.indentation = mark.line.indentation;
  header.blank = mark.line.blank ? 1 : 0;
  header.pending_bytes = static_cast<std::uint8_t>(mark.pending.size());
  mark.pending.copy(header.pending.data(), header.pending.size());
  header.checksum = checksum(header);
  write(out, header);
  mark.state.save(out);
}

Checkpoint load_checkpoint(std::istream& in, const Executor& executor) {
  const auto header = read_value<CheckpointHeader>(in);
  if (header.checksum != checksum(header) || header.pending_bytes > most_pending) {
    throw std::runtime_error("saved stream is damaged (its checksum does not match)");
  }
  Checkpoint mark;
  mark.bytes = header.bytes;
  mark.proof = header.proof;
  mark.line = {header.indentation, header.blank != 0};
  mark.pending.assign(header.pending.data(), header.pending_bytes);
  mark.state = executor.initial_state(ChainState::peek(in).chunk_length);
  mark.state.load(in);
  return mark;
}

}  // namespace

void TextStream::save(std::ostream& out, bool with_marks) const {
  const std::vector<Checkpoint>& marks = marks_.all();
  const std::size_t count = with_marks ? marks.size() : 1;  // the first one is where the text begins
  write(out, FileHeader{magic, model_->id(), static_cast<std::uint32_t>(count), 0});
  save_checkpoint(out, mark());
  for (std::size_t i = 0; i < count; ++i) save_checkpoint(out, marks[i]);
  if (!out) throw std::runtime_error("stream cannot be saved; is the disk full?");
}

void TextStream::load(std::istream& in) {
  const auto header = read_value<FileHeader>(in);
  if (header.magic != magic) throw std::runtime_error("not a saved stream");
  if (header.model != model_->id()) {
    throw std::runtime_error("saved stream belongs to another model than '" + model_->config().name +
                             "'; open the text anew to read it again");
  }
  if (header.marks == 0 || header.marks > most_marks)
    throw std::runtime_error("saved stream is damaged (its counters make no sense)");
  Checkpoint current = load_checkpoint(in, *executor_);
  Marks marks(marks_.limit());
  for (std::uint32_t i = 0; i < header.marks; ++i) marks.add(load_checkpoint(in, *executor_));
  if (marks.all().front().bytes != 0 || marks.all().front().proof != 0) {
    throw std::runtime_error("saved stream is damaged (it has no beginning)");
  }
  marks_ = std::move(marks);
  completer_.release();  // what it holds was another stream's
  restore(current);
}

}  // namespace catena::model
