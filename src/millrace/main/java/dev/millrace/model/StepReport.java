package dev.millrace.model;

import dev.millrace.model.loss.SampleFigures;
import dev.millrace.state.Form;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The results of one step.
 *
 * @param loss mean loss of the batch, before the step
 * @param gradientNorm L2 norm of the dense gradient before clipping
 * @param temperature of the softmax after the step
 * @param sample statistics of the batch's candidates
 */
public record StepReport(double loss, double gradientNorm, double temperature, SampleFigures sample) {

    /** Share of the logits of examples and shared negatives that are masked, in [0, 1]. */
    public double maskedShare() {
        return sample.maskedShare();
    }

    /** Share of the examples whose item an earlier example of the batch has, in [0, 1). */
    public double duplicateShare() {
        return sample.duplicateShare();
    }

    /** Median of the positives' probabilities by the stream's popularity, in [0, 1]. */
    public double medianProbability() {
        return sample.medianProbability();
    }

    /** 5th percentile of log Q over the candidates' columns; Q is the sampling probability, log is natural. */
    public double logQLow() {
        return sample.logQLow();
    }

    /** Median of log Q. */
    public double logQMedian() {
        return sample.logQMedian();
    }

    /** 95th percentile of log Q. */
    public double logQHigh() {
        return sample.logQHigh();
    }

    /** Returns the means of some reports, with a temperature; that of a step without examples if there is none. */
    public static StepReport mean(List<StepReport> reports, double temperature) {
        return reports.isEmpty()
                ? ofNothing(temperature)
                : new StepReport(
                        mean(reports, StepReport::loss),
                        mean(reports, StepReport::gradientNorm),
                        temperature,
                        new SampleFigures(
                                mean(reports, StepReport::maskedShare),
                                mean(reports, StepReport::duplicateShare),
                                mean(reports, StepReport::logQLow),
                                mean(reports, StepReport::logQMedian),
                                mean(reports, StepReport::logQHigh),
                                mean(reports, StepReport::medianProbability)));
    }

    private static double mean(List<StepReport> reports, ToDoubleFunction<StepReport> figure) {
        double sum = 0;
        for (StepReport report : reports) {
            sum += figure.applyAsDouble(report);
        }
        return sum / reports.size();
    }

    /** Writes the figures, or reads them. */
    public StepReport fields(Form form) {
        return new StepReport(
                form.number(loss),
                form.number(gradientNorm),
                form.number(temperature),
                new SampleFigures(
                        form.number(maskedShare()),
                        form.number(duplicateShare()),
                        form.number(logQLow()),
                        form.number(logQMedian()),
                        form.number(logQHigh()),
                        form.number(medianProbability())));
    }

    /** Returns the report of a step without examples. */
    static StepReport ofNothing(double temperature) {
        return new StepReport(0, 0, temperature, SampleFigures.NONE);
    }
}
