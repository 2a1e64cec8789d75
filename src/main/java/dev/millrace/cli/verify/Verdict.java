package dev.millrace.cli.verify;

import dev.millrace.operation.OperatorAction.Kind;

/**
 * What came of a verification.
 *
 * @param target what was verified: a generation, or an application
 * @param agrees false too if nothing could be compared
 * @param detail what was compared, in a few words
 */
public record Verdict(Kind kind, String target, boolean agrees, String detail) {}
