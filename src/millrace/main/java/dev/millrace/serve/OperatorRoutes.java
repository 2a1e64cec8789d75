package dev.millrace.serve;

import dev.millrace.access.Bearer;
import dev.millrace.access.Operations;
import dev.millrace.access.Role;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Guard;
import dev.millrace.operation.Operator;
import dev.millrace.settings.SettingsReader;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpMethod;

/**
 * What operators may order over HTTP, and what a visitor may do. docs/api.md describes it.
 *
 * <p>{@link TokenGuard} has looked at the role before, by the path as it was sent. It is looked at again here, behind the routes: no role
 * may hang on how a router reads a path.
 */
final class OperatorRoutes {

    private static final String GENERATIONS = "/v1/generations/";
    private static final String EXPERIMENTS = "/v1/experiments/";
    private static final String STOP = "/stop";
    static final String USERS = "/v1/users/";
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int BAD_REQUEST = 400;
    private static final int FORBIDDEN = 403;

    private final Operations operations;

    /** Carries out what a request orders, and answers. */
    private interface Order {
        void carryOut(Context request, Operator operator);
    }

    OperatorRoutes(Operations operations) {
        this.operations = operations;
    }

    /** Whether a request orders something, as far as its path is spelt as documented. */
    static boolean isOrder(String method, String path) {
        return path.startsWith(GENERATIONS)
                || path.startsWith(EXPERIMENTS)
                || (HttpMethod.DELETE.is(method) && path.startsWith(USERS));
    }

    /** The methods of a path of these routes; absent for other paths. */
    static Optional<String> allowed(String path, boolean hasPage) {
        if (path.startsWith(GENERATIONS) || path.startsWith(EXPERIMENTS)) {
            return Optional.of("POST");
        }
        return path.startsWith(USERS) ? Optional.of(hasPage ? "GET, HEAD, DELETE" : "DELETE") : Optional.empty();
    }

    void addTo(JavalinConfig config) {
        HttpSetup.get(config, TokenGuard.SESSION, OperatorRoutes::session);
        config.routes.post(
                GENERATIONS + "rollback",
                ordered((request, operator) -> HttpSetup.json(request, OK, operations.rollBack(operator))));
        config.routes.post(
                GENERATIONS + "<generation>/promote",
                ordered((request, operator) -> HttpSetup.json(
                        request,
                        OK,
                        operations.promote(operator, Given.checkedId("generation", request.pathParam("generation"))))));
        config.routes.post(EXPERIMENTS + "{name}", request -> {
            Given.requireNoQuery(request);
            start(request, operator(request));
        });
        config.routes.post(
                EXPERIMENTS + "{name}" + STOP,
                ordered((request, operator) -> HttpSetup.json(
                        request,
                        OK,
                        ExperimentBody.of(operations.stopExperiment(operator, request.pathParam("name"))))));
        config.routes.delete(USERS + "<user>", ordered((request, operator) -> {
            String user = Given.checkedId("user", request.pathParam("user"));
            HttpSetup.json(request, ACCEPTED, Map.of("erased", operations.erase(operator, user)));
        }));
    }

    /** The experiment that the body describes; what it leaves out is as with the command. */
    private void start(Context request, Operator operator) {
        Given given = Given.body(request);
        given.requireKnown(Set.of("arms", "ramp", "every", "goal", "uplift", "error", "maxAge", "guards"));
        List<String> arms = given.texts("arms", 2);
        if (arms.size() != 2) {
            throw given.refused("arms", "must be two generations, the one that answers first");
        }
        try {
            Experiment.Plan unguarded = new Experiment.Plan(
                    given.has("goal") ? given.text("goal") : Experiment.Plan.ACTION,
                    given.number("uplift", Double.parseDouble(Experiment.Plan.UPLIFT), 0, 1),
                    given.number("error", Double.parseDouble(Experiment.Plan.ERROR), 0, 1),
                    given.texts("ramp", Experiment.MOST_STAGES).stream()
                            .map(Double::valueOf)
                            .toList(),
                    SettingsReader.parseDuration(given.has("every") ? given.text("every") : Experiment.Plan.EVERY),
                    SettingsReader.parseDuration(given.has("maxAge") ? given.text("maxAge") : Experiment.Plan.MAX_AGE));
            Experiment.Plan plan = unguarded.guardedBy(guards(given.group("guards")));
            Experiment started =
                    operations.startExperiment(operator, request.pathParam("name"), arms.get(0), arms.get(1), plan);
            HttpSetup.json(request, OK, ExperimentBody.of(started));
        } catch (IllegalArgumentException unusable) {
            throw new RefusedRequestException(Problem.of(BAD_REQUEST, String.valueOf(unusable.getMessage())));
        }
    }

    private static SortedMap<Guard, Guard.Bound> guards(Given given) {
        List<String> labels = Stream.of(Guard.values()).map(Guard::label).toList();
        given.requireKnown(Set.copyOf(labels));
        return Guard.bounds(labels.stream()
                .flatMap(label -> given.texts(label, 1).stream().map(bound -> label + "=" + bound))
                .toList());
    }

    private record ExperimentBody(
            String experiment, String control, String treatment, int stage, double percent, Optional<String> end) {

        static ExperimentBody of(Experiment one) {
            return new ExperimentBody(
                    one.name(),
                    one.control(),
                    one.treatment(),
                    one.stage() + 1,
                    one.stages().get(one.stage()).percent(),
                    one.end().map(Experiment.End::why));
        }
    }

    /** Who the visitor is. Without tokens everybody may do all but order. */
    private static void session(Context request) {
        Given.requireNoQuery(request);
        Optional<Bearer> bearer = bearer(request);
        String role = bearer.map(Bearer::role).orElse(Role.WRITE).text();
        HttpSetup.json(request, OK, new Session(role, bearer.map(Bearer::name)));
    }

    private record Session(String role, Optional<String> name) {}

    private static Handler ordered(Order order) {
        return request -> {
            Given.requireNoQuery(request);
            if (request.bodyAsBytes().length > 0) {
                Given.body(request).requireKnown(Set.of());
            }
            order.carryOut(request, operator(request));
        };
    }

    private static Operator operator(Context request) {
        Bearer bearer = bearer(request)
                .orElseThrow(() -> new RefusedRequestException(Problem.of(
                        FORBIDDEN,
                        "the role admin is needed, and this server has no tokens (serve.tokens.file):"
                                + " nobody could be named in the audit log")));
        if (!bearer.role().includes(Role.ADMIN)) {
            throw new RefusedRequestException(Problem.of(FORBIDDEN, TokenGuard.lacking(Role.ADMIN, bearer)));
        }
        return new Operator(bearer.name(), Operator.HTTP, request.ip(), "");
    }

    private static Optional<Bearer> bearer(Context request) {
        return Optional.ofNullable(request.attribute(TokenGuard.BEARER));
    }
}
