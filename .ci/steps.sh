# shellcheck shell=bash
# The steps that ./run and ./test share: packages, configure, build. Sourced from the repository root.
# Everything is said on standard error, so that standard output stays the program's own.

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# A bare container may have no HOME, or one that cannot be written; the compiler cache then stays in the build folder.
prepare_environment() {
  export HOME="${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}"
  if [ ! -w "${HOME:-/nonexistent}" ]; then export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}"; fi
  export NINJA_STATUS="${NINJA_STATUS:-[%f/%t %es] }"
}

# Prints the packages of packages.txt that are not installed, one a line.
missing_packages() {
  # shellcheck disable=SC2016  # the dollars are dpkg-query's
  comm -23 <(sort -u packages.txt) \
    <(xargs dpkg-query -W -f='${db:Status-Status} ${Package}\n' <packages.txt 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

ensure_packages() {
  command -v apt-get >/dev/null ||
    die "packages are installed with apt on Debian 12; here there is no apt, so install what packages.txt names by hand and build with cmake --preset default"
  local missing as_root=()
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo: as root, run apt-get install ${missing[*]}"
    as_root=(sudo)
    # Without a terminal nobody could type the password.
    [ -t 0 ] || as_root=(sudo -n)
    "${as_root[@]}" true || die "sudo is not permitted: as root, run apt-get install ${missing[*]}"
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" apt-get update >&2 || die "apt-get update failed: is there a network connection?"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >&2 ||
    die "apt-get could not install the packages; the reason is above"
}

# LibTorch takes its matrix products from whichever libblas.so.3 the system has chosen.
warn_about_slow_blas() {
  case "$(readlink -f /usr/lib/*-linux-gnu/libblas.so.3 2>/dev/null)" in
    *openblas*) ;;
    *) say "note: this system's BLAS is not OpenBLAS, so training is many times slower; choose it with: update-alternatives --config libblas.so.3-$(uname -m)-linux-gnu" ;;
  esac
}

# build TARGET: configures where that was not done and builds; target "all" is everything.
build() {
  if [ ! -f build/build.ninja ]; then
    say "configuring in build/"
    cmake --preset default >&2 || die "configuring failed; the reason is above"
  fi
  cmake --build build --parallel "$(jobs_at_once)" --target "$1" >&2 || die "the build failed; the first error is above"
}

# One compiler a core, fewer where memory is short: the largest files need about 1.5 GB each.
jobs_at_once() {
  local cores memory
  cores=$(env -u OMP_NUM_THREADS nproc)  # nproc counts OpenMP's threads where they are set
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  if [ "$memory" -lt 1 ]; then memory=1; fi
  echo $((cores < memory ? cores : memory))
}
