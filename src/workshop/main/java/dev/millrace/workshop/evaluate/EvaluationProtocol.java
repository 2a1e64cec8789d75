package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import java.io.IOException;

/** One way to measure quality on a recorded data set. */
public interface EvaluationProtocol {

    /** Runs the protocol with one configuration, then shows and reports its figures. */
    void run(MillraceSettings settings) throws IOException;
}
