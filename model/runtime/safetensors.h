// The safetensors format: an 8-byte little-endian header length, a JSON header, raw little-endian numbers. No code, no
// pickle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace catena::model {

enum class DType { float32, bfloat16 };

std::size_t bytes_per_element(DType dtype);

/// Round to nearest even; NaN stays NaN.
std::uint16_t to_bfloat16(float value);
float from_bfloat16(std::uint16_t bits);

/// A tensor inside a mapped file, or of the caller's. `data` need not be aligned.
struct TensorView {
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;

  std::int64_t elements() const;
  /// Converts all elements; `out` has elements() floats.
  void to_float(std::span<float> out) const;
  std::vector<float> to_float() const;
};

/// A memory-mapped file. Everything the header claims is checked before the constructor returns.
class SafetensorsFile {
 public:
  /// Throws std::runtime_error with one line naming the file when it cannot be opened, is truncated, longer than its
  /// header says, not safetensors at all, of another element type than F32 or BF16, or has overlapping tensors.
  explicit SafetensorsFile(const std::filesystem::path& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  void parse(std::span<const std::byte> file);

  std::span<const std::byte> mapping_;
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor to be written: float32 values, row-major.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Writes atomically, in the given order, every tensor as `dtype`. Throws std::runtime_error with one line.
void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors, DType dtype,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace catena::model
