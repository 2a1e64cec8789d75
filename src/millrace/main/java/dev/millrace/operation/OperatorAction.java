package dev.millrace.operation;

import dev.millrace.state.Sha256;

/**
 * Something that an operator has ordered, or has verified: an entry of the audit log.
 *
 * @param target the generation; of an erasure {@link #erased}; of dead letters their reason; of verified books the application; of verified answers their topic; the experiment; empty for a roll-back that was refused
 * @param detail what the target does not say: the generation that answered before, the new owner, how many letters go where, the step of an experiment, why nothing
 *     came of it, or what was compared
 * @param at epoch milliseconds, wall clock of the writer; what the action writes has the same time, but for dead letters, which keep theirs
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
        ERASE,
        /** Dead letters of one reason are sent to their topics again. */
        REPLAY_LETTERS,
        /** What was published is compared with the log, learnt again. It changes nothing. */
        VERIFY_MODEL,
        /** The books are compared with the topics. It changes nothing. */
        VERIFY_COUNTS,
        /** Logged answers are compared with the topics. It changes nothing. */
        VERIFY_ANSWERS,
        /** An experiment starts, goes on to its next stage, or ends. */
        EXPERIMENT
    }

    /** How far it has come. */
    public enum Result {
        /** The rules allow it. The entry is written before the change, which has no entry of its own. */
        ACCEPTED,
        /** The rules do not allow it. Nothing is changed. */
        REFUSED,
        /** The change was accepted, and then not written; or only in part, or nobody knows whether it was. */
        FAILED,
        /** What was verified is right. */
        AGREES,
        /** What was verified is not right, or could not be compared. */
        DIFFERS
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
