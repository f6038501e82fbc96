import Glibc

/// The place of this process among ranks, by the environment that the program which started them left: `mpirun` of Open
/// MPI or MPICH, or a scheduler that speaks their protocols.
public struct Launcher: Sendable {
  /// The number of this process; nil where it is not told.
  public let rank: Int?
  /// How many processes there are; nil where it is not told.
  public let rankCount: Int?

  /// The launcher of this process; nil where it runs by itself.
  public static let current = Launcher { name in getenv(name).map { String(cString: $0) } }

  /// - Parameter variable: Returns the value of an environment variable; nil where there is none.
  package init?(_ variable: (String) -> String?) {
    func number(_ names: [String]) -> Int? { names.compactMap { variable($0).flatMap { Int($0) } }.first }
    // Open MPI, MPICH and its descendants, PMIx as of Slurm, which leaves no count.
    rank = number(["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"])
    rankCount = number(["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
    if rank == nil && rankCount == nil { return nil }
  }
}
