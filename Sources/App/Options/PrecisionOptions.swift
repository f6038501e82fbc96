import ArgumentParser

/// The option `--precision`.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How convolutions multiply.",
      discussion: """
        fp32 everywhere; tf32 and bf16x3 on the tensor cores of NVIDIA GPUs of compute capability 8.0 and later: tf32 \
        rounds operands to 11 bits, bf16x3 splits them into two halves and is nearly as close as fp32. auto is tf32 where \
        it can be had, which is what PyTorch does by default, and fp32 elsewhere.
        """,
      valueName: "precision"))
  var precision: PrecisionSelection = .automatic
}
