/// Every operation's textbook formula in double precision, in plain loops: the ground truth that kernels are held to.
/// Each operation's file extends it.
public enum Reference {}
