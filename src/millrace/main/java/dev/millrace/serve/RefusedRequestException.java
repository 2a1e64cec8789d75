package dev.millrace.serve;

/** Thrown when a request cannot be answered; carries the problem that the client gets. */
final class RefusedRequestException extends RuntimeException {

    private final transient Problem problem;

    RefusedRequestException(Problem problem) {
        super(problem.detail());
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }
}
