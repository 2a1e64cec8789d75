package dev.millrace.fuzz;

import dev.millrace.serve.AskedQuestions;

/**
 * Questions to the recall server. The first byte chooses whether the rest is a query or a body.
 *
 * <p>Each is refused with a status below 500, or answered; both as JSON.
 */
public final class RequestFuzz {

    private static final AskedQuestions QUESTIONS = new AskedQuestions();

    private RequestFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Input input = new Input(data);
        int status = input.choice(0, 2) == 0
                ? QUESTIONS.statusOfQuery(input.textFrom(1))
                : QUESTIONS.statusOfBody(input.from(1));
        Input.require(status == 200 || (status >= 400 && status < 500), "status " + status);
    }
}
