package dev.millrace.alarm;

/**
 * A possible fault of the model, as last measured.
 *
 * @param value last measured value; NaN before the first
 * @param limit limit that the value is compared with
 * @param since step at which the value was first beyond the limit; 0 if it is not beyond
 */
public record Alarm(Symptom kind, double value, double limit, long since) {

    /** Returns true if the value is beyond the limit. */
    public boolean isActive() {
        return since > 0;
    }
}
