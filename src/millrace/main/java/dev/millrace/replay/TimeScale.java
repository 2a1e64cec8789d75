package dev.millrace.replay;

import dev.millrace.event.EventLimits;
import dev.millrace.event.UnusableEventException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The unit or format of the times of a log. */
public enum TimeScale {
    /** Seconds since 1970, whole or with a fraction. */
    S,
    /** Milliseconds since 1970. */
    MS,
    /** Microseconds since 1970. */
    US,
    /** {@code 2022-04-25T10:15:30Z}, with any offset. A time without an offset is UTC. A date without a time is its midnight. */
    ISO_8601;

    /** What a time must be in each scale. */
    static final String RULE = "must be a time between 1980 and 2100";

    private static final long LIKELY_FROM_MILLIS = 631_152_000_000L; // 1990-01-01

    /** Returns the scale in which a text is a time from 1990 to 2100, or empty. No text is one in two scales. */
    public static Optional<TimeScale> likely(String text) {
        return Arrays.stream(values()).filter(scale -> scale.isLikely(text)).findFirst();
    }

    /** The name in a mapping. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private boolean isLikely(String text) {
        try {
            long millis = millis("time", text);
            return millis >= LIKELY_FROM_MILLIS && millis < EventLimits.TOO_LATE_MILLIS;
        } catch (UnusableEventException notATime) {
            return false;
        }
    }

    /**
     * Returns epoch milliseconds, rounded down.
     *
     * @param name of the time, for the message
     * @throws UnusableEventException if the text is no time that an event may have
     */
    public long millis(String name, String text) {
        long millis =
                switch (this) {
                    case S -> scaled(name, text, 1_000, 1);
                    case MS -> scaled(name, text, 1, 1);
                    case US -> scaled(name, text, 1, 1_000);
                    case ISO_8601 -> calendar(name, text);
                };
        if (millis < EventLimits.EARLIEST_MILLIS || millis >= EventLimits.TOO_LATE_MILLIS) {
            throw new UnusableEventException(name, text, RULE);
        }
        return millis;
    }

    private static long scaled(String name, String text, long times, long by) {
        try {
            return Math.floorDiv(Math.multiplyExact(Long.parseLong(text), times), by);
        } catch (NumberFormatException fraction) {
            return (long) Math.floor(Row.number(name, text) * times / by);
        } catch (ArithmeticException overflow) {
            throw new UnusableEventException(name, text, RULE);
        }
    }

    private static long calendar(String name, String text) {
        String iso = text.length() > 10 && text.charAt(10) == ' ' ? text.replaceFirst(" ", "T") : text;
        try {
            if (iso.length() <= 10) {
                return LocalDate.parse(iso)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant()
                        .toEpochMilli();
            }
            int clock = iso.indexOf('T') + 1;
            boolean hasOffset = iso.endsWith("Z") || iso.indexOf('+', clock) >= 0 || iso.indexOf('-', clock) >= 0;
            return hasOffset
                    ? OffsetDateTime.parse(iso).toInstant().toEpochMilli()
                    : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC).toEpochMilli();
        } catch (DateTimeException | ArithmeticException notATime) {
            throw new UnusableEventException(name, text, "must be a time such as 2022-04-25T10:15:30Z");
        }
    }
}
