import Runtime

/// A program, by its kernel file and the options that it is built with.
struct ProgramSource: Hashable, Sendable {
  let file: String
  let options: String
}

/// A program to be built and, for drivers that compile at the launch, those of its kernels that are to be compiled.
struct CompilationJob: Codable, Sendable {
  /// The program's name in messages: its file.
  let name: String
  /// The whole text of the program.
  let text: String
  let options: String
  let kernels: [KernelForm]

  /// Builds the program, or loads it from `cache`.
  func build(in context: CLContext, cache: CLProgramCache?) throws(BackendError) -> CLProgram {
    try CLProgram(
      name, source: text, options: options, context: context, cache: cache,
      keepsBinary: !context.device.compilesAtLaunch)
  }

  /// Compiles the kernels of the program, which has been built; `queue` is idle meanwhile.
  func compileKernels(of program: CLProgram, on queue: CLQueue) throws(BackendError) {
    for kernel in kernels { try kernel.run(in: program, on: queue) }
  }

  /// Everything that the compiled code depends on beside the device.
  var identity: String { ([options, text] + kernels.map(\.identity).sorted()).joined(separator: "\n") }
}
