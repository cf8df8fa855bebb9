#include "model/runtime/tile_product.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl_debug.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace catena::model {
namespace {

using dnnl::memory;

// Tokens of a product. oneDNN makes a primitive for one number of rows: the smallest that has room is taken, and what
// the rest of its rows hold does not matter, since rows know nothing of each other.
constexpr std::array block_sizes{32, 64, 128};
constexpr int largest_block = block_sizes.back();

/// Inputs of a product, those that were added with weights of zero: whole rows of a tile, so that there are no edges.
int tile_inputs(int inputs) { return (inputs + 63) / 64 * 64; }

/// For the addresses of oneDNN's blocks (16 of 32 bytes for each 64 inputs, at most) and one set of tiles (4 KiB).
std::size_t scratchpad_bytes(int inputs) { return 16384 + 16 * static_cast<std::size_t>(tile_inputs(inputs)); }

/// While it lives, oneDNN finds one OpenMP thread on this thread; then what LibTorch may have set is back. A primitive
/// runs with no more threads than there were when it was made, and with one it never enters OpenMP.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = omp_get_max_threads();
};

/// rows [2 * tokens, inputs] times weights [inputs, tile_outputs], for tokens of one of block_sizes.
struct Block {
  memory::desc rows, sums, scratchpad;
  dnnl::matmul product;
};

/// A block bound to the working memory of one thread.
class BoundBlock {
 public:
  BoundBlock(const Block& block, const dnnl::engine& engine, const std::uint8_t* rows, std::int32_t* sums,
             std::byte* scratchpad)
      : block_(block),
        stream_(engine),
        rows_(block.rows, engine, const_cast<std::uint8_t*>(rows)),  // only read
        sums_(block.sums, engine, sums),
        scratchpad_(block.scratchpad, engine, scratchpad) {}

  void multiply(const memory& weights) const {
    const std::array<dnnl_exec_arg_t, 4> arguments{{{DNNL_ARG_SRC, rows_.get()},
                                                    {DNNL_ARG_WEIGHTS, weights.get()},
                                                    {DNNL_ARG_DST, sums_.get()},
                                                    {DNNL_ARG_SCRATCHPAD, scratchpad_.get()}}};
    dnnl::error::wrap_c_api(dnnl_primitive_execute(block_.product.get(), stream_.get(),
                                                   static_cast<int>(arguments.size()), arguments.data()),
                            "a product failed");
  }

 private:
  const Block& block_;
  dnnl::stream stream_;
  memory rows_, sums_, scratchpad_;
};

/// The blocks for one number of inputs, which may be any that tile_inputs() gives.
class Blocks {
 public:
  explicit Blocks(int inputs) : inputs_(inputs) {
    const OneThread alone;
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // so that any thread may run them
    packed_ = {{inputs, tile_outputs}, memory::data_type::s8, memory::format_tag::any};
    // The largest first: the others take the layout that it likes best.
    for (std::size_t i = block_sizes.size(); i-- > 0;) {
      Block& block = blocks_[i];
      const memory::dim rows = 2 * block_sizes[i];
      block.rows = {{rows, inputs}, memory::data_type::u8, memory::format_tag::ab};
      block.sums = {{rows, tile_outputs}, memory::data_type::s32, memory::format_tag::ab};
      const dnnl::matmul::primitive_desc made({block.rows, packed_, block.sums}, attributes, engine_);
      packed_ = made.weights_desc();
      block.scratchpad = made.scratchpad_desc();
      if (block.scratchpad.get_size() > scratchpad_bytes(inputs)) {
        throw std::runtime_error("oneDNN wants " + std::to_string(block.scratchpad.get_size()) + " bytes to work in");
      }
      block.product = dnnl::matmul(made);
      implementation_ = made.impl_info_str();
    }
  }

  const dnnl::engine& engine() const { return engine_; }
  /// oneDNN's name for what it multiplies with.
  const std::string& implementation() const { return implementation_; }
  /// The smallest with room for `tokens`, at most largest_block.
  const Block& with_room_for(int tokens) const {
    return blocks_[static_cast<std::size_t>(std::lower_bound(block_sizes.begin(), block_sizes.end(), tokens) -
                                            block_sizes.begin())];
  }

  std::size_t packed_bytes() const { return packed_.get_size(); }
  /// weights [inputs, tile_outputs] to oneDNN's layout; the result refers to `packed`, of packed_bytes().
  memory pack(std::int8_t* weights, std::int8_t* packed) const {
    const OneThread alone;
    memory from({{inputs_, tile_outputs}, memory::data_type::s8, memory::format_tag::ab}, engine_, weights);
    memory to(packed_, engine_, packed);
    dnnl::stream stream(engine_);
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    return to;
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  int inputs_;
  memory::desc packed_;
  std::array<Block, block_sizes.size()> blocks_;
  std::string implementation_;
};

class PackedProduct final : public TileProduct {
 public:
  PackedProduct(const std::int8_t* weights, int inputs, int outputs)
      : blocks_(tile_inputs(inputs)), inputs_(tile_inputs(inputs)), outputs_(outputs) {
    const int slices = (outputs + tile_outputs - 1) / tile_outputs;
    packed_.resize(static_cast<std::size_t>(slices) * blocks_.packed_bytes());
    offsets_.resize(static_cast<std::size_t>(slices) * tile_outputs);
    CountedVector<std::int8_t> plain(static_cast<std::size_t>(inputs_) * tile_outputs);
    for (int slice = 0; slice < slices; ++slice) {
      unpack(weights, inputs, slice, plain.data());
      slices_.push_back(
          blocks_.pack(plain.data(), packed_.data() + static_cast<std::size_t>(slice) * blocks_.packed_bytes()));
    }
  }

  void multiply(const Kernels& kernels, ThreadPool& pool, bool worth_sharing, TileRoom& room,
                const IntegerProductArgs& args) const override {
    std::atomic<dnnl_status_t> status{dnnl_success};
    pool.split_by_thread(static_cast<int>(slices_.size()), worth_sharing, [&](int first, int last, int thread) {
      try {
        multiply_slices(kernels, room, args, first, last, thread);
      } catch (const dnnl::error& error) {
        status.store(error.status);
      } catch (const std::bad_alloc&) {
        status.store(dnnl_out_of_memory);
      }
    });
    if (status.load() == dnnl_success) return;
    throw std::runtime_error("oneDNN could not multiply: " + std::string(dnnl_status2str(status.load())));
  }

 private:
  /// Two panels to [inputs_, tile_outputs], inputs in the order that quantize() gives them, and their offsets.
  void unpack(const std::int8_t* weights, int inputs, int slice, std::int8_t* plain) {
    constexpr std::array order{0, 2, 1, 3};
    const std::size_t panel_size = static_cast<std::size_t>(inputs) * panel_lanes;
    std::fill_n(plain, static_cast<std::size_t>(inputs_) * tile_outputs, std::int8_t{0});
    for (int lane = 0; lane < std::min(tile_outputs, outputs_ - slice * tile_outputs); ++lane) {
      const int output = slice * tile_outputs + lane;
      const std::int8_t* from =
          weights + static_cast<std::size_t>(output / panel_lanes) * panel_size + output % panel_lanes * 4;
      std::int32_t sum = 0;
      for (int i = 0; i < inputs; ++i) {
        const std::int8_t weight = from[i / 4 * 4 * panel_lanes + order[static_cast<std::size_t>(i % 4)]];
        plain[static_cast<std::size_t>(i) * tile_outputs + static_cast<std::size_t>(lane)] = weight;
        sum += weight;
      }
      offsets_[static_cast<std::size_t>(output)] = std::uint32_t{32768} * static_cast<std::uint32_t>(sum);
    }
  }

  void multiply_slices(const Kernels& kernels, TileRoom& room, const IntegerProductArgs& args, int first, int last,
                       int thread) const {
    for (int start = 0; start < args.tokens; start += largest_block) {
      const int tokens = std::min(largest_block, args.tokens - start);
      const std::uint8_t* rows = room.rows() + 2 * static_cast<std::size_t>(start) * static_cast<std::size_t>(inputs_);
      const BoundBlock block(blocks_.with_room_for(tokens), blocks_.engine(), rows, room.sums(thread),
                             room.scratchpad(thread));
      for (int slice = first; slice < last; ++slice) {
        block.multiply(slices_[static_cast<std::size_t>(slice)]);
        const int output = slice * tile_outputs;
        TileSumsArgs join;
        join.sums = room.sums(thread);
        join.stride = tile_outputs;
        join.offsets = offsets_.data() + output;
        join.row_scales = args.row_scales + output;
        join.x_scales = args.x_scales + start;
        join.outputs = std::min(tile_outputs, outputs_ - output);
        join.tokens = tokens;
        join.y = args.y + static_cast<std::size_t>(start) * args.y_stride + output;
        join.y_stride = args.y_stride;
        join.add = args.add;
        kernels.join_tile_sums(join);
      }
    }
  }

  Blocks blocks_;
  int inputs_;  // as tile_inputs() gives
  int outputs_;
  CountedVector<std::int8_t> packed_;     // [slices][blocks_.packed_bytes()]
  std::vector<memory> slices_;            // what lies there
  CountedVector<std::uint32_t> offsets_;  // [slices * tile_outputs], 32768 times the sum of a row's weights
};

/// Whether sums of products of the largest bytes come out as they are: where there is only a product that adds two of
/// them in 16 bits, they do not.
bool exact(const Blocks& blocks, int inputs) {
  const int tokens = block_sizes.front(), rows = 2 * tokens;
  const auto size = [](int count, int width) {
    return static_cast<std::size_t>(count) * static_cast<std::size_t>(width);
  };
  std::vector<std::int8_t> weights(size(inputs, tile_outputs));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t output = i % tile_outputs;
    weights[i] = static_cast<std::int8_t>(output == 0   ? 127
                                          : output == 1 ? -127
                                                        : static_cast<int>(i * 37 % 255) - 127);
  }
  CountedVector<std::uint8_t> x(size(rows, inputs));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<std::uint8_t>(i < static_cast<std::size_t>(inputs) ? 255 : i * 41 % 256);
  }
  CountedVector<std::int8_t> packed(blocks.packed_bytes());
  CountedVector<std::int32_t> sums(size(rows, tile_outputs));
  CountedVector<std::byte> scratchpad(scratchpad_bytes(inputs));
  const memory matrix = blocks.pack(weights.data(), packed.data());
  BoundBlock(blocks.with_room_for(tokens), blocks.engine(), x.data(), sums.data(), scratchpad.data()).multiply(matrix);
  for (int row = 0; row < rows; ++row) {
    for (int output = 0; output < tile_outputs; ++output) {
      std::int32_t sum = 0;
      for (int i = 0; i < inputs; ++i) sum += weights[size(i, tile_outputs) + output] * x[size(row, inputs) + i];
      if (sums[size(row, tile_outputs) + output] != sum) return false;
    }
  }
  return true;
}

}  // namespace

TileUnit tile_unit() noexcept {
  try {
    constexpr int inputs = 128;
    const Blocks blocks(inputs);
    const std::string& name = blocks.implementation();
    const TileUnit unit = name.find("amx") != std::string::npos    ? TileUnit::amx
                          : name.find("vnni") != std::string::npos ? TileUnit::vnni
                                                                   : TileUnit::none;
    return unit != TileUnit::none && exact(blocks, inputs) ? unit : TileUnit::none;
  } catch (const std::exception&) {
    return TileUnit::none;
  }
}

TileRoom::TileRoom(int threads, int tokens, int longest) : scratchpad_bytes_(scratchpad_bytes(longest)) {
  const auto blocks = static_cast<std::size_t>((tokens + largest_block - 1) / largest_block);
  rows_.resize(blocks * largest_block * 2 * static_cast<std::size_t>(tile_inputs(longest)));
  sums_a_thread_ = std::size_t{largest_block} * 2 * tile_outputs;
  sums_.resize(static_cast<std::size_t>(threads) * sums_a_thread_);
  scratchpads_.resize(static_cast<std::size_t>(threads) * scratchpad_bytes_);
}

void TileRoom::store(const Kernels& kernels, int token, const std::int16_t* x, int inputs) {
  const auto stride = static_cast<std::size_t>(tile_inputs(inputs));
  std::uint8_t* upper = rows_.data() + 2 * static_cast<std::size_t>(token) * stride;
  kernels.split_bytes(x, upper, upper + stride, inputs);
}

std::shared_ptr<const TileProduct> TileProduct::make(const std::int8_t* weights, int inputs, int outputs) {
  try {
    return std::make_shared<const PackedProduct>(weights, inputs, outputs);
  } catch (const dnnl::error& error) {
    throw std::runtime_error("oneDNN has no product of " + std::to_string(inputs) +
                             " inputs: " + dnnl_status2str(error.status));
  }
}

}  // namespace catena::model
