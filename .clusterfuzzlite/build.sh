#!/usr/bin/env bash
#
# Builds every target for ClusterFuzzLite and OSS-Fuzz, as both of them ask for it:
#
#   SRC   holds the sources, as mmreap/
#   OUT   gets each target, its seed corpus as a zip file, and its options; in known/, the cases whose failures are no news
#
# SANITIZER is what the targets are built with (address). A LIB_FUZZING_ENGINE that is a library is linked in the place of
# libFuzzer's own sources; one that is an option of clang (-fsanitize=fuzzer) means libFuzzer, which is there anyway.
set -euo pipefail
cd "$SRC/mmreap"

if [[ -f ${LIB_FUZZING_ENGINE:-} ]]; then
  export CUSTOM_LIBFUZZER_PATH=$LIB_FUZZING_ENGINE
fi
cargo +nightly fuzz build --sanitizer "${SANITIZER:-address}"

mkdir --parents "$OUT/known"
cp corpus/*.mmreap "$OUT/known/"
readonly built=target/x86_64-unknown-linux-gnu/release
for source in fuzz/fuzz_targets/*.rs; do
  target=$(basename --suffix=.rs "$source")
  cp "$built/$target" "$OUT/"
  zip --quiet --junk-paths "$OUT/${target}_seed_corpus.zip" corpus/*.mmreap
  cat >"$OUT/$target.options" <<'OPTIONS'
[libfuzzer]
max_len = 65536
timeout = 60
OPTIONS
done
