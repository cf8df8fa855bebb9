#include "model/text/context_table.h"

#include <algorithm>
#include <cmath>
#include <istream>
#include <ostream>
#include <stdexcept>

namespace catena::model {
namespace {

constexpr int slot_bits = 20;
constexpr double slowest_rate = 1.0 / 1024;  // of learning a weight
constexpr double highest_weight = 0.98;

std::uint64_t mixed(std::uint64_t x) {  // MurmurHash3's finaliser
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

std::uint64_t checksum(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(data);
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ at[i]) * 1099511628211ULL;
  return hash;
}

}  // namespace

void RecentTokens::add(Token token) {
  std::copy(tokens_.begin() + 1, tokens_.end(), tokens_.begin());
  tokens_.back() = static_cast<std::uint16_t>(token);
  size_ = std::min(limit, size_ + 1);
}

ContextTable::ContextTable() : slots_(std::size_t{1} << slot_bits) {}

ContextTable::Place ContextTable::place(std::span<const std::uint16_t> context) {
  std::uint64_t hash = context.size();
  for (const std::uint16_t token : context) hash = mixed(hash * 65599 + token + 1);
  // A tag of 0 would look like an empty slot.
  return {static_cast<std::size_t>(hash >> (64 - slot_bits)),
          static_cast<std::uint16_t>(std::max<std::uint64_t>(1, hash & 0xFFFF))};
}

std::size_t ContextTable::bucket(std::size_t order, int confidence) {
  return order * confidences + static_cast<std::size_t>(std::min(confidence, confidences - 1));
}

ContextTable::Found ContextTable::find(const RecentTokens& recent) const {
  Found best;
  for (std::size_t order = 0; order < orders.size(); ++order) {
    if (recent.size() < orders[order]) continue;
    const Place at = place(recent.last(orders[order]));
    const Slot& slot = slots_[at.slot];
    if (slot.tag != at.tag) continue;
    const double weight = weights_[bucket(order, slot.confidence)].value;
    if (weight > best.guess.weight) best = {{slot.token, weight}, order, slot.confidence};
  }
  return best;
}

ContextTable::Guess ContextTable::guess(const RecentTokens& recent) const { return find(recent).guess; }

void ContextTable::add(const RecentTokens& recent, Token token) {
  for (const std::size_t order : orders) {
    if (recent.size() < order) continue;
    const Place at = place(recent.last(order));
    Slot& slot = slots_[at.slot];
    const auto next = static_cast<std::uint16_t>(token);
    if (slot.tag != at.tag) {
      if (slot.confidence > 0) {
        --slot.confidence;  // the one that has the slot must be proven less useful first
      } else {
        slot = {at.tag, next, 1};
      }
    } else if (slot.token == next) {
      slot.confidence = static_cast<std::uint16_t>(std::min(slot.confidence + 1, highest_confidence));
    } else {
      slot.confidence /= 2;
      if (slot.confidence == 0) slot = {at.tag, next, 1};
    }
  }
}

void ContextTable::add(const RecentTokens& recent, Token token, double nll) {
  const Found found = find(recent);
  if (found.guess.token >= 0) {
    Weight& weight = weights_[bucket(found.order, found.confidence)];
    const double model = (1 - weight.value) * std::exp(-nll);
    const double share = found.guess.token == token ? weight.value / (weight.value + model) : 0;
    weight.seen += 1;
    weight.value += std::max(slowest_rate, 1 / (weight.seen + 10)) * (share - weight.value);
    weight.value = std::clamp(weight.value, 1e-4, highest_weight);
  }
  add(recent, token);
}

void ContextTable::save(std::ostream& out) const {
  const auto write = [&](const void* data, std::size_t size) {
    const std::uint64_t sum = checksum(data, size);
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
    out.write(reinterpret_cast<const char*>(&sum), sizeof sum);
  };
  write(weights_.data(), sizeof weights_);
  write(slots_.data(), bytes());
  if (!out) throw std::runtime_error("context table cannot be written; is the disk full?");
}

void ContextTable::load(std::istream& in) {
  const auto read = [&](void* data, std::size_t size) {
    std::uint64_t sum = 0;
    in.read(static_cast<char*>(data), static_cast<std::streamsize>(size));
    in.read(reinterpret_cast<char*>(&sum), sizeof sum);
    if (!in) throw std::runtime_error("context table is truncated");
    if (sum != checksum(data, size)) throw std::runtime_error("context table is damaged (its checksum does not match)");
  };
  ContextTable loaded;
  read(loaded.weights_.data(), sizeof loaded.weights_);
  read(loaded.slots_.data(), loaded.bytes());
  *this = std::move(loaded);
}

}  // namespace catena::model
