package dev.millrace.replay;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.List;

/** The speed of a replay, as a pure function from event times to the times of sending. */
public sealed interface Pace {

    /**
     * Returns when an event is due.
     *
     * @param firstTime event time of the first event, epoch milliseconds
     * @param time event time of this one, epoch milliseconds
     * @param number of this event, from 0
     * @return nanoseconds after the first one was sent
     */
    double dueNanos(long firstTime, long time, long number);

    /** As fast as possible. */
    record Max() implements Pace {
        @Override
        public double dueNanos(long firstTime, long time, long number) {
            return 0;
        }
    }

    /**
     * A multiple of real time.
     *
     * @param times above 0; 1 is real time
     */
    record TimesRealTime(double times) implements Pace {
        public TimesRealTime {
            checked(times);
        }

        @Override
        public double dueNanos(long firstTime, long time, long number) {
            return Math.max(0, time - firstTime) * 1e6 / times;
        }
    }

    /**
     * A constant rate, whatever the event times.
     *
     * @param rate events a second, above 0
     */
    record EventsPerSecond(double rate) implements Pace {
        public EventsPerSecond {
            checked(rate);
        }

        @Override
        public double dueNanos(long firstTime, long time, long number) {
            return number * 1e9 / rate;
        }
    }

    /**
     * A rate that rises evenly from nothing, and then stays.
     *
     * @param rate events a second at the end, above 0
     * @param seconds in which it rises, above 0
     */
    record Rising(double rate, double seconds) implements Pace {
        public Rising {
            checked(rate);
            checked(seconds);
        }

        @Override
        public double dueNanos(long firstTime, long time, long number) {
            double whileRising = rate * seconds / 2;
            return number < whileRising
                    ? Math.sqrt(2 * number * seconds / rate) * 1e9
                    : (seconds + (number - whileRising) / rate) * 1e9;
        }
    }

    /**
     * Reads a pace as the command line writes it: {@code max}, {@code 60} (times real time) or {@code 500/s} (events a second).
     *
     * @throws InvalidSettingsException if it is none of these
     */
    static Pace parse(String text) {
        try {
            if (text.equals("max")) {
                return new Max();
            }
            return text.endsWith("/s")
                    ? new EventsPerSecond(Double.parseDouble(text.substring(0, text.length() - 2)))
                    : new TimesRealTime(Double.parseDouble(text));
        } catch (IllegalArgumentException notAPace) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "speed",
                    text,
                    "must be max, a number of times real time such as 60, or events a second such as 500/s")));
        }
    }

    private static void checked(double rate) {
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new IllegalArgumentException("a pace of " + rate + " must be above 0 and finite");
        }
    }
}
