#include "model/chain_state.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <typeinfo>
#include <vector>

namespace catena::model {
namespace {

static_assert(std::endian::native == std::endian::little, "states are saved without swapping bytes");

constexpr std::array<char, 4> magic{'C', 'T', 'N', 'S'};
constexpr std::uint32_t version = 1;

struct Header {
  std::array<char, 4> magic;
  std::uint32_t version;
  std::int64_t tokens;
  std::int64_t chunks;
  std::int32_t position;
  std::int32_t chunk_length;
  float gate_temperature;
  std::int32_t carry;
  std::uint64_t floats;
};
static_assert(sizeof(Header) == 48, "no padding in the file");

// FNV-1a over 32-bit words: catches damage, not malice.
std::uint64_t checksum(std::uint64_t hash, const void* data, std::size_t bytes) {
  const auto* place = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i + 4 <= bytes; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, place + i, 4);
    hash = (hash ^ word) * 1099511628211ULL;
  }
  return hash;
}
constexpr std::uint64_t checksum_start = 14695981039346656037ULL;

void read_exactly(std::istream& in, void* data, std::size_t bytes) {
  in.read(static_cast<char*>(data), static_cast<std::streamsize>(bytes));
  if (static_cast<std::size_t>(in.gcount()) != bytes) throw std::runtime_error("saved chain state is truncated");
}

Header read_header(std::istream& in) {
  Header header{};
  read_exactly(in, &header, sizeof header);
  if (header.magic != magic) throw std::runtime_error("not a saved chain state");
  if (header.version != version) {
    throw std::runtime_error("saved chain state has format " + std::to_string(header.version) + ", expected " +
                             std::to_string(version));
  }
  const bool plausible = header.tokens >= 0 && header.chunks >= 0 && header.position >= 0 &&
                         header.position < header.chunk_length && header.chunk_length <= max_chunk_length &&
                         std::isfinite(header.gate_temperature) && header.gate_temperature >= 0;
  if (!plausible) throw std::runtime_error("saved chain state is damaged (its counters make no sense)");
  return header;
}

ChainState::Counters counters_of(const Header& header) {
  return {header.tokens,       header.chunks,           header.position,
          header.chunk_length, header.gate_temperature, header.carry != 0 ? 1 : 0};
}

bool same_layout(const StateStorage& a, const StateStorage& b) {
  return typeid(a) == typeid(b) && a.floats() == b.floats();
}

}  // namespace

ChainState::ChainState(Counters counters, std::unique_ptr<StateStorage> storage)
    : counters_(counters), storage_(std::move(storage)) {}

ChainState::ChainState(const ChainState& other)
    : counters_(other.counters_), storage_(other.storage_ ? other.storage_->clone() : nullptr) {}

ChainState& ChainState::operator=(const ChainState& other) {
  if (this == &other) return *this;
  if (storage_ && other.storage_ && same_layout(*storage_, *other.storage_)) {
    storage_->copy_from(*other.storage_);
  } else {
    storage_ = other.storage_ ? other.storage_->clone() : nullptr;
  }
  counters_ = other.counters_;
  return *this;
}

std::size_t ChainState::bytes() const { return sizeof(Counters) + (storage_ ? storage_->floats() * sizeof(float) : 0); }

void ChainState::save(std::ostream& out) const {
  if (empty()) throw std::runtime_error("an empty chain state cannot be saved");
  std::vector<float> numbers(storage_->floats());
  storage_->to_host(numbers);
  const Header header{magic,
                      version,
                      counters_.tokens,
                      counters_.chunks,
                      counters_.position,
                      counters_.chunk_length,
                      counters_.gate_temperature,
                      counters_.carry,
                      numbers.size()};
  const std::size_t bytes = numbers.size() * sizeof(float);
  const std::uint64_t sum = checksum(checksum(checksum_start, &header, sizeof header), numbers.data(), bytes);
  out.write(reinterpret_cast<const char*>(&header), sizeof header);
  out.write(reinterpret_cast<const char*>(numbers.data()), static_cast<std::streamsize>(bytes));
  out.write(reinterpret_cast<const char*>(&sum), sizeof sum);
  if (!out) throw std::runtime_error("chain state cannot be written; is the disk full?");
}

void ChainState::load(std::istream& in) {
  if (empty()) throw std::runtime_error("an empty chain state cannot be loaded into; start from initial_state()");
  const Header header = read_header(in);
  if (header.chunk_length != counters_.chunk_length) {
    throw std::runtime_error("saved chain state has chunk length " + std::to_string(header.chunk_length) +
                             ", this stream has " + std::to_string(counters_.chunk_length));
  }
  if (header.floats != storage_->floats()) {
    throw std::runtime_error("saved chain state belongs to another model (" + std::to_string(header.floats) +
                             " numbers, this model has " + std::to_string(storage_->floats()) + ")");
  }
  std::vector<float> numbers(storage_->floats());
  const std::size_t bytes = numbers.size() * sizeof(float);
  read_exactly(in, numbers.data(), bytes);
  std::uint64_t sum = 0;
  read_exactly(in, &sum, sizeof sum);
  if (sum != checksum(checksum(checksum_start, &header, sizeof header), numbers.data(), bytes)) {
    throw std::runtime_error("saved chain state is damaged (its checksum does not match)");
  }
  storage_->from_host(numbers);
  counters_ = counters_of(header);
}

ChainState::Counters ChainState::peek(std::istream& in) {
  const auto place = in.tellg();
  const Header header = read_header(in);
  in.seekg(place);
  return counters_of(header);
}

bool operator==(const ChainState& a, const ChainState& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty() && a.counters() == b.counters();
  if (!(a.counters() == b.counters()) || a.storage().floats() != b.storage().floats()) return false;
  std::vector<float> left(a.storage().floats());
  std::vector<float> right(left.size());
  a.storage().to_host(left);
  b.storage().to_host(right);
  // Bits, not values: a NaN equals itself and 0 differs from -0.
  return std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0;
}

}  // namespace catena::model
