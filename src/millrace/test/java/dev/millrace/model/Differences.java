package dev.millrace.model;

import java.util.function.DoubleSupplier;

/** Central finite differences, with which gradients are compared. */
public final class Differences {

    private Differences() {}

    /** Returns the derivative of a function with respect to one of some numbers. */
    public static double of(double[] numbers, int at, double difference, DoubleSupplier function) {
        double number = numbers[at];
        numbers[at] = number + difference;
        double above = function.getAsDouble();
        numbers[at] = number - difference;
        double below = function.getAsDouble();
        numbers[at] = number;
        return (above - below) / (2 * difference);
    }
}
