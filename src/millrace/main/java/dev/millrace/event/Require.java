package dev.millrace.event;

/**
 * The checks of an event's fields. A failed check throws {@link UnusableEventException} with reason, value and rule.
 */
final class Require {

    private Require() {}

    static void that(boolean holds, RejectReason reason, Object value, String rule) {
        if (!holds) {
            throw new UnusableEventException(reason, String.valueOf(value), rule);
        }
    }

    /**
     * Checks an id: 1 to 256 bytes of UTF-8, no control characters (the stores use NUL as separator), not all blank.
     */
    static void id(RejectReason reason, String id) {
        if (id.isBlank()) {
            throw unusable(reason, id, "must not be blank");
        }
        int bytes = 0;
        for (int at = 0; at < id.length() && bytes <= EventLimits.MAX_ID_BYTES; at++) {
            char unit = id.charAt(at);
            if (unit < ' ' || unit == 0x7f) {
                throw unusable(reason, id, "must not contain control characters");
            }
            boolean pairs = Character.isHighSurrogate(unit)
                    && at + 1 < id.length()
                    && Character.isLowSurrogate(id.charAt(at + 1));
            if (!pairs && Character.isSurrogate(unit)) {
                throw unusable(reason, id, "must be valid Unicode");
            }
            if (pairs) {
                at++;
            }
            bytes += pairs ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
        }
        if (bytes > EventLimits.MAX_ID_BYTES) {
            throw unusable(reason, id, "must have at most " + EventLimits.MAX_ID_BYTES + " bytes");
        }
    }

    static void time(long epochMillis) {
        that(
                epochMillis >= EventLimits.EARLIEST_MILLIS && epochMillis < EventLimits.TOO_LATE_MILLIS,
                RejectReason.BAD_TIME,
                epochMillis,
                "must be epoch milliseconds between 1980 and 2100");
    }

    private static UnusableEventException unusable(RejectReason reason, String id, String rule) {
        return new UnusableEventException(reason, printable(id), rule);
    }

    /** A text in quotes, shortened, without control characters. */
    static String printable(String id) {
        String shown = id.length() <= 40 ? id : id.substring(0, 40) + "…";
        return '"' + shown.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?") + '"';
    }
}
