package dev.millrace.operation;

import dev.millrace.state.Sha256;

/**
 * Something that an operator has ordered: an entry of the audit log.
 *
 * @param target the generation; of an erasure {@link #erased}; empty for a roll-back that was refused
 * @param detail what the target does not say: the generation that answered before, the new owner, or why nothing came of it
 * @param at epoch milliseconds, wall clock of the writer; what the action writes has the same time
 */
public record OperatorAction(Kind kind, String target, Result result, String detail, long at, Operator by) {

    /** What can be ordered. */
    public enum Kind {
        /** A generation is to answer. */
        PROMOTE,
        /** The generation that answered before is to answer again. */
        ROLL_BACK,
        /** A generation never answers again, and its records are removed. */
        RETIRE,
        /** Another application publishes a generation. */
        HAND_OVER,
        /** A user is removed. */
        ERASE
    }

    /** How far it has come. */
    public enum Result {
        /** The rules allow it. The entry is written before the change, which has no entry of its own. */
        ACCEPTED,
        /** The rules do not allow it. Nothing is changed. */
        REFUSED,
        /** The change was accepted, and then not written; or only in part, or nobody knows whether it was. */
        FAILED
    }

    /** The target of an erasure: a SHA-256, for the log outlives what the erasure removes. */
    public static String erased(String user) {
        return "sha256:" + Sha256.hex(user);
    }

    /** The same with another result. */
    public OperatorAction with(Result other, String why) {
        return new OperatorAction(kind, target, other, why, at, by);
    }
}
