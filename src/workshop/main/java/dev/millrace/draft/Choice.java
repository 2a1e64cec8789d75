package dev.millrace.draft;

import java.util.Optional;

/**
 * What a column of a log is taken for.
 *
 * @param what column, or what stands in place of one
 * @param use role, owner of the feature, or that it is left out
 * @param why with the figures
 * @param doubt what else it could be; empty if it is clear
 */
public record Choice(String what, String use, String why, Optional<String> doubt) {

    static final String LEFT_OUT = "left out";

    static Choice clear(String what, String use, String why) {
        return new Choice(what, use, why, Optional.empty());
    }

    static Choice doubtful(String what, String use, String why, String doubt) {
        return new Choice(what, use, why, Optional.of(doubt));
    }

    /** @param others that could have the role too; none if it is clear */
    static Choice among(String what, Role role, String why, String others) {
        return others.isEmpty()
                ? clear(what, role.label(), why)
                : doubtful(what, role.label(), why, "could also be " + others + ": " + role.advice());
    }
}
