#include "model/runtime/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "model/runtime/atomic_file.h"

namespace catena::model {
namespace {

using nlohmann::json;
static_assert(std::endian::native == std::endian::little, "safetensors are read and written without swapping bytes");

constexpr std::uint64_t max_header_bytes = std::uint64_t{16} << 20;

std::optional<std::uint64_t> unsigned_number(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

// nullopt when the product does not fit.
std::optional<std::uint64_t> bytes_of(const std::vector<std::int64_t>& shape, DType dtype) {
  std::uint64_t bytes = bytes_per_element(dtype);
  for (const std::int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes)) return std::nullopt;
  }
  return bytes;
}

struct Entry {
  TensorView view;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Entry parse_entry(const std::string& name, const json& item, std::span<const std::byte> data) {
  const auto fail = [&](const std::string& what) { return std::runtime_error("tensor '" + name + "' " + what); };
  if (!item.is_object()) throw fail("has a header entry that is not an object");
  const auto dtype = item.find("dtype");
  const auto shape = item.find("shape");
  const auto offsets = item.find("data_offsets");
  if (dtype == item.end() || shape == item.end() || offsets == item.end()) {
    throw fail("lacks dtype, shape or data_offsets in the header");
  }
  Entry entry;
  if (*dtype == "F32") {
    entry.view.dtype = DType::float32;
  } else if (*dtype == "BF16") {
    entry.view.dtype = DType::bfloat16;
  } else {
    throw fail("has element type " + dtype->dump(-1, ' ', true, json::error_handler_t::replace) +
               "; only F32 and BF16 are read");
  }
  if (!shape->is_array() || shape->size() > 8) throw fail("has a malformed shape");
  for (const json& extent : *shape) {
    const auto value = unsigned_number(extent);
    if (!value || *value > (std::uint64_t{1} << 40)) throw fail("has a malformed shape");
    entry.view.shape.push_back(static_cast<std::int64_t>(*value));
  }
  const auto begin = offsets->is_array() && offsets->size() == 2 ? unsigned_number((*offsets)[0]) : std::nullopt;
  const auto end = begin ? unsigned_number((*offsets)[1]) : std::nullopt;
  if (!begin || !end || *begin > *end) throw fail("has malformed data_offsets");
  if (*end > data.size()) throw fail("reaches past the end of the file; it is truncated");
  const auto bytes = bytes_of(entry.view.shape, entry.view.dtype);
  if (!bytes || *bytes != *end - *begin) throw fail("has a shape that does not match its size in the file");
  entry.begin = *begin;
  entry.end = *end;
  entry.view.data = data.subspan(*begin, *end - *begin);
  return entry;
}

}  // namespace

std::size_t bytes_per_element(DType dtype) { return dtype == DType::float32 ? 4 : 2; }

std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

std::int64_t TensorView::elements() const { return static_cast<std::int64_t>(data.size() / bytes_per_element(dtype)); }

void TensorView::to_float(std::span<float> out) const {
  if (std::cmp_not_equal(out.size(), elements())) throw std::invalid_argument("to_float: the buffer has another size");
  if (dtype == DType::float32) {
    if (!data.empty()) std::memcpy(out.data(), data.data(), data.size());
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, data.data() + 2 * i, sizeof bits);
    out[i] = from_bfloat16(bits);
  }
}

std::vector<float> TensorView::to_float() const {
  std::vector<float> values(static_cast<std::size_t>(elements()));
  to_float(values);
  return values;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& what) {
    return std::runtime_error("weights file '" + path.string() + "': " + what);
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw fail(std::string(std::strerror(errno)) + "; is the model folder complete?");
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file);
    throw fail("is not a regular file");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < 8) {
    ::close(file);
    throw fail("is too short to be safetensors (" + std::to_string(size) + " bytes)");
  }
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int error = errno;
  ::close(file);
  if (memory == MAP_FAILED) throw fail(std::string("cannot be mapped: ") + std::strerror(error));
  mapping_ = {static_cast<const std::byte*>(memory), size};
  try {
    parse(mapping_);
  } catch (const std::exception& problem) {
    ::munmap(memory, size);
    throw fail(problem.what());
  }
}

SafetensorsFile::~SafetensorsFile() {
  ::munmap(const_cast<std::byte*>(mapping_.data()), mapping_.size());  // NOLINT: munmap's signature
}

void SafetensorsFile::parse(std::span<const std::byte> file) {
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  if (header_bytes > max_header_bytes)
    throw std::runtime_error("is not a safetensors file (implausible header length)");
  if (header_bytes > file.size() - 8) throw std::runtime_error("is truncated inside the header");
  const auto* text = reinterpret_cast<const char*>(file.data() + 8);
  const json header = json::parse(text, text + header_bytes, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) throw std::runtime_error("is not a safetensors file (the header is not a JSON object)");

  const auto data = file.subspan(8 + header_bytes);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, item] : header.items()) {
    if (name == "__metadata__") {
      if (!item.is_object()) throw std::runtime_error("has metadata that is not an object");
      for (const auto& [key, value] : item.items()) {
        if (value.is_string()) metadata_.emplace(key, value.get<std::string>());
      }
      continue;
    }
    Entry entry = parse_entry(name, item, data);
    if (entry.begin != entry.end) ranges.emplace_back(entry.begin, entry.end);
    tensors_.emplace(name, std::move(entry.view));
  }
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t reached = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin < reached) throw std::runtime_error("has tensors that overlap");
    if (begin > reached) throw std::runtime_error("has a gap between tensors");
    reached = end;
  }
  if (reached != data.size()) {
    throw std::runtime_error("is " + std::to_string(data.size() - reached) + " bytes longer than its header says");
  }
}

void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors, DType dtype,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor& tensor : tensors) {
    const auto bytes = bytes_of(tensor.shape, dtype);
    if (!bytes || *bytes / bytes_per_element(dtype) != tensor.values.size()) {
      throw std::runtime_error("cannot write '" + path.string() + "': tensor '" + tensor.name +
                               "' has a shape that does not match its values");
    }
    if (header.contains(tensor.name)) {
      throw std::runtime_error("cannot write '" + path.string() + "': tensor '" + tensor.name + "' is given twice");
    }
    header[tensor.name] = {{"dtype", dtype == DType::float32 ? "F32" : "BF16"},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + *bytes}}};
    offset += *bytes;
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // keeps the numbers aligned in a mapping
  const std::uint64_t length = text.size();

  AtomicFile file(path);
  std::ostream& out = file.stream();
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  std::vector<std::uint16_t> halves;
  for (const NamedTensor& tensor : tensors) {
    if (dtype == DType::float32) {
      out.write(reinterpret_cast<const char*>(tensor.values.data()),
                static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
      continue;
    }
    halves.resize(tensor.values.size());
    std::transform(tensor.values.begin(), tensor.values.end(), halves.begin(), to_bfloat16);
    out.write(reinterpret_cast<const char*>(halves.data()),
              static_cast<std::streamsize>(halves.size() * sizeof(std::uint16_t)));
  }
  file.commit();
}

}  // namespace catena::model
