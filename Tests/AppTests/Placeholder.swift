// The tests of the command come with the next change.
