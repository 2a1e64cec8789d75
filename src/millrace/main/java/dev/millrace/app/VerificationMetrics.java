package dev.millrace.app;

import dev.millrace.follow.AuditWatch;
import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Kind;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * When model and books were last verified, and what came of it, as metrics under the names that docs/api.md lists. Before the first recorded
 * verification they are not a number.
 *
 * @param audits read at each scrape. The registry does not keep it alive
 */
record VerificationMetrics(AuditWatch audits, InstantSource clock) {

    private static final Map<String, Kind> VERIFIED = Map.of("model", Kind.VERIFY_MODEL, "books", Kind.VERIFY_COUNTS);
    private static final double MILLIS_A_SECOND = 1_000;

    void bindTo(MeterRegistry registry) {
        VERIFIED.forEach((of, kind) -> {
            Gauge.builder(
                            "millrace.verification.age",
                            audits,
                            latest(kind, action -> (clock.millis() - action.at()) / MILLIS_A_SECOND))
                    .description("time since the latest recorded verification")
                    .baseUnit("seconds")
                    .tag("of", of)
                    .register(registry);
            Gauge.builder(
                            "millrace.verification.agrees",
                            audits,
                            latest(kind, action -> action.result() == OperatorAction.Result.AGREES ? 1 : 0))
                    .description("1 if the latest recorded verification found no difference")
                    .tag("of", of)
                    .register(registry);
        });
    }

    private static ToDoubleFunction<AuditWatch> latest(Kind kind, ToDoubleFunction<OperatorAction> figure) {
        return audits -> audits.latest(kind).map(figure::applyAsDouble).orElse(Double.NaN);
    }
}
