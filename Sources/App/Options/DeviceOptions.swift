import ArgumentParser

/// The option `--device`.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where to compute.",
      discussion: """
        auto takes an OpenCL GPU if there is one, otherwise the processor; cpu is the processor without OpenCL; opencl \
        is the best OpenCL device of any kind; opencl:P.D is one of those that "recolor devices" lists.
        """,
      valueName: "device"))
  var device: DeviceSelection = .automatic
}
