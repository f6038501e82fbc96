import Foundation
import Runtime
import TestSupport
import Testing

@testable import App
@testable import CLKernels

/// The processes that compile kernels for a command.
@Suite("Helper processes")
struct KernelHelperTests {
  @Test("A helper ends when its input does, and refuses a device that is not there", .needsOpenCL)
  func end() throws {
    let device = try TestBackends.openCLDevice()
    #expect(try RecolorProcess.run("---compile-kernels", device.index).exitCode == 0)
    #expect(try RecolorProcess.run("---compile-kernels", "9.9").exitCode == 1)
  }

  @Test("A helper is a process that compiles; one that has ended is not asked again", .needsOpenCL)
  func process() throws {
    let device = try TestBackends.openCLDevice()
    func job(_ text: String) -> CompilationJob {
      let form = KernelForm("empty", [], over: CLRange(groups: (1, 1, 1), local: (1, 1, 1)))
      return CompilationJob(name: "empty.cl", text: text, options: "-cl-std=CL1.2", kernels: [form])
    }
    func helper(_ command: [String]) -> CompilationHelper? {
      CompilationHelper.use(command: command)
      defer { CompilationHelper.use(command: nil) }
      return CompilationHelper.start(1, for: device).first
    }
    let working = try #require(helper([RecolorProcess.executable.path, "---compile-kernels"]))
    #expect(working.compile(job("kernel void empty() {}")))
    #expect(!working.compile(job("kernel void empty() { no_such_name; }")) && working.isAlive)
    let ended = try #require(helper(["/bin/false"]))
    #expect(!ended.compile(job("kernel void empty() {}")) && !ended.isAlive)
    #expect(helper(["/no/such/program"]) == nil)
  }

  @Test("A cold check says what it compiles, and a second one compiles nothing", .needsOpenCL)
  func coldCheck() throws {
    let folder = try TemporaryFolder()
    let environment = ["RECOLOR_CACHE": folder.path + "/recolor", "POCL_CACHE_DIR": folder.path + "/pocl"]
    func check() throws -> (result: RecolorProcess.Result, seconds: Double) {
      let start = ContinuousClock.now
      let arguments = ["check", "--device", "opencl", "--size", "smallest", "--filter", "Normalization"]
      let process = try RecolorProcess(arguments, environment: environment)
      return (try process.wait(), start.duration(to: .now) / .seconds(1))
    }
    let cold = try check(), warm = try check()
    #expect(cold.result.exitCode == 0 && cold.result.output == warm.result.output)
    #expect(cold.result.errorOutput.contains("compiling kernels: program "))
    #expect(!warm.result.errorOutput.contains("compiling kernels"))
    #expect(warm.seconds < cold.seconds)
  }
}
