import Foundation
import TestSupport
import Testing

/// How the command names the MPI that is in, and ends under its launcher.
@Suite("The command and MPI", .needsMPI)
struct MPILibraryTests {
  @Test("The version and the list of devices name MPI")
  func names() throws {
    let version = try RecolorProcess.run("--version", environment: MPIRun.environment)
    #expect(version.exitCode == 0 && version.output.contains(" (Open MPI v"))
    let devices = try RecolorProcess.run("devices", environment: MPIRun.environment)
    #expect(devices.output.contains("\nMPI: Open MPI v"))
    let missing = try RecolorProcess.run("devices", environment: ["RECOLOR_MPI": "/no/such/file"])
    #expect(missing.exitCode == 0)
    #expect(missing.output.contains("\nMPI: RECOLOR_MPI=/no/such/file: there is no such file"))
  }

  @Test("A wrong command line under mpirun is one line", .timeLimit(.minutes(3)))
  func wrongCommandLine() throws {
    let process = try RecolorProcess(
      ["train", "unet", "--widht", "16"], environment: MPIRun.environment, through: MPIRun.words(2))
    let result = try process.wait()
    #expect(result.exitCode == 64)
    #expect(result.errorLines.count { $0.hasPrefix("recolor: error:") } == 1)
  }
}
