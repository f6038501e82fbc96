import TestSupport

/// The command under mpirun.
extension RecolorProcess {
  /// Starts the command on so many ranks, one of which is the plain command.
  /// - Parameter runner: The words of another command that runs each rank, before its path and arguments.
  convenience init(
    _ arguments: [String], ranks: Int, environment: [String: String] = [:], through runner: [String] = []
  ) throws {
    var environment = MPIRun.environment.merging(environment) { $1 }
    environment["RECOLOR_MPI_TIMEOUT"] = "60"
    try self.init(arguments, environment: environment, through: (ranks > 1 ? MPIRun.words(ranks) : []) + runner)
  }
}

extension RecolorProcess.Result {
  /// The command's own lines about failures among those of the launcher.
  var ownErrors: [Substring] { errorLines.filter { $0.hasPrefix("recolor: error:") } }
}
