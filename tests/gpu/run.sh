#!/usr/bin/env bash
# Builds, tests and measures Catena on a machine with an NVIDIA GPU and a CUDA LibTorch, in one go. See docs/gpu.md.
#
#   tests/gpu/run.sh --output DIR [--headers DIR] [--build DIR] [--model DIR] [--quick]
#                    [--train CONFIG.json --minutes N [--only-train]] [--device cpu]
#
#   --output DIR    results: environment.txt, build.log, tests.xml, kernels.log, sanitizer.log, bench.jsonl, train.log
#   --headers DIR   single headers where their packages are missing: catch2/catch.hpp, nlohmann/json.hpp, CLI/CLI.hpp
#   --build DIR     build folder (default: build/cuda)
#   --model DIR     model to measure (default: the shipped one)
#   --quick         short benches
#   --train FILE    trains for --minutes N (default 5); the checkpoints go where the config says, and the same call goes on from them
#   --only-train    no tests, no benches: for the second call and those after it
#   --device cpu    the same without a GPU, to try the script itself
#
# LibTorch is the one of CMAKE_PREFIX_PATH, else the one of python3's torch package, else the system's. Training on the GPU
# needs a CUDA LibTorch; reading does not, but nvcc.
# Exit status: 0 all passed, 1 something failed, 2 bad options, 77 not run because there is no GPU.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
source_folder=$PWD
cd "$OLDPWD"

fail() { echo "gpu: $1" >&2; exit "${2:-1}"; }

output='' headers='' build=$source_folder/build/cuda train='' only_train='' minutes=5 device=cuda bench_options=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) bench_options+=(--quick) ;;
    --only-train) only_train=yes ;;
    --output | --headers | --build | --model | --train | --minutes | --device)
      [ $# -ge 2 ] || fail "$1 needs a value" 2
      case $1 in
        --output) output=$2 ;;
        --headers) headers=$2 ;;
        --build) build=$2 ;;
        --model) bench_options+=(--model "$(realpath "$2")") ;;
        --train) train=$(realpath "$2") ;;
        --minutes) minutes=$2 ;;
        --device) device=$2 ;;
      esac
      shift
      ;;
    *) fail "unknown option $1; the options are at the top of $0" 2 ;;
  esac
  shift
done
[ -n "$output" ] || fail "--output DIR is required" 2
[ -z "$only_train" ] || [ -n "$train" ] || fail "--only-train needs --train CONFIG.json" 2
mkdir -p "$output"
output=$(realpath "$output")

if [ "$device" = cuda ] && ! nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then
  echo "not run: no GPU (nvidia-smi lists none)" | tee "$output/environment.txt"
  exit 77
fi

prefix=${CMAKE_PREFIX_PATH:-}
if [ -z "$prefix" ] && [ "$device" = cuda ]; then
  prefix=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)' 2>/dev/null) || prefix=''
fi
{
  nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv 2>/dev/null || true
  python3 -c 'import torch; print("torch", torch.__version__, "cuda", torch.version.cuda)' 2>/dev/null || true
  nvcc --version 2>/dev/null | tail -n 2 || true
  echo "$(nproc) cores"
} >"$output/environment.txt"
cat "$output/environment.txt"

options=(-DCATENA_GUI=OFF -DCMAKE_BUILD_TYPE=RelWithDebInfo)
[ -z "$prefix" ] || options+=("-DCMAKE_PREFIX_PATH=$prefix")
if [ -n "$headers" ]; then
  headers=$(realpath "$headers")
  options+=("-DCATENA_JSON_INCLUDE=$headers" "-DCATENA_CATCH2_INCLUDE=$headers" "-DCATENA_CLI11_INCLUDE=$headers")
fi
if [ "$device" = cuda ]; then
  # LibTorch's CMake files otherwise ask for every architecture it was built for.
  TORCH_CUDA_ARCH_LIST=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | sort -u | paste -sd ';')
  export TORCH_CUDA_ARCH_LIST
  options+=("-DCMAKE_CUDA_ARCHITECTURES=${TORCH_CUDA_ARCH_LIST//./}")
fi
generator=()
if command -v ninja >/dev/null; then generator=(-G Ninja); fi

echo "building in $build"
{ cmake -S "$source_folder" -B "$build" "${generator[@]}" "${options[@]}" && cmake --build "$build" --parallel "$(nproc)"; } \
  >"$output/build.log" 2>&1 || { tail -n 40 "$output/build.log"; fail "the build failed; all of it is in $output/build.log"; }

failed=0
if [ -z "$only_train" ]; then
  echo "testing"
  # With a CUDA LibTorch test_tracker_kernels runs the training kernels on this GPU, not on an emulated one.
  ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 300 --output-junit "$output/tests.xml" \
    --test-output-size-passed 100000 --test-output-size-failed 100000 --test-output-truncation head || failed=1
  awk -f "$source_folder/.ci/summary.awk" "$output/tests.xml" || failed=1

  # Our own kernels against the CPU runtime; ctest has run the same tests on the emulated device.
  if [ "$device" = cuda ] && command -v nvcc >/dev/null; then
    echo "testing the kernels on the device"
    cmake --build "$build" --target test_cuda_device >>"$output/build.log" 2>&1 || failed=1
    kernel_tests=$build/tests/model/cuda/test_cuda_device
    "$kernel_tests" -d yes >"$output/kernels.log" 2>&1 || failed=1
    tail -n 3 "$output/kernels.log"
    if command -v compute-sanitizer >/dev/null; then
      : >"$output/sanitizer.log"
      for tool in memcheck racecheck initcheck synccheck; do
        echo "compute-sanitizer $tool"
        compute-sanitizer --tool $tool --error-exitcode 1 "$kernel_tests" "a stream moves*,settings mean*,the device writes*" \
          >>"$output/sanitizer.log" 2>&1 || failed=1
      done
      grep 'SUMMARY' "$output/sanitizer.log" || true
    else
      echo "compute-sanitizer not found: memory and races were not checked"
    fi
  fi

  : >"$output/bench.jsonl"
  for bench in flat "step --precision float32" "step --precision bfloat16" "step --precision int8" \
    "prefill --precision float32" "prefill --precision bfloat16" "prefill --precision int8" \
    "train --precision bfloat16" "train --precision float32"; do
    # Off the GPU only what tries the script.
    case "$device $bench" in cuda* | *flat | "$device step --precision float32" | "$device train --precision float32") ;; *) continue ;; esac
    echo "bench $bench"
    # shellcheck disable=SC2086 # a bench and its options
    "$build/catena" bench $bench --device "$device" --json "${bench_options[@]}" | tee -a "$output/bench.jsonl" || failed=1
  done
fi

if [ -n "$train" ]; then
  echo "training for at most $minutes minutes"
  # An interrupted training saves its checkpoint and ends with 130, which timeout reports as 124.
  status=0
  timeout --signal=INT --kill-after=120 "${minutes}m" "$build/catena" train "$train" 2>&1 | tee -a "$output/train.log" || status=$?
  case $status in  # the program's last line says where the weights or the checkpoint are
    0) ;;
    124 | 130) echo "not done yet: the same call, with --only-train, goes on" ;;
    *) failed=1 ;;
  esac
fi
exit $failed
