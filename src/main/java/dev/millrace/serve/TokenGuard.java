package dev.millrace.serve;

import dev.millrace.access.Role;
import dev.millrace.access.Tokens;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Lets a request pass whose token has the role that it needs; refuses all others.
 *
 * <p>It stands before all other handlers, and reads no body. A token comes as {@code Authorization: Bearer}, or as the cookie that the page
 * gets for one: a browser sends no header with server-sent events. What needs no token is listed, path by path, and has nothing of items
 * or users: health, and the files of the page.
 */
public final class TokenGuard extends Handler.Wrapper {

    /** A token is exchanged for a cookie here, which ends with the browser. */
    static final String SESSION = "/v1/session";

    private static final String COOKIE = "millrace";
    private static final String BEARER = "Bearer ";
    private static final Pattern TOKEN =
            Pattern.compile("[A-Za-z0-9._~+/=-]+"); // RFC 6750; a cookie can have all of it
    private static final Set<String> READING = Set.of("GET", "HEAD");
    private static final Set<String> HEALTH = Set.of(Endpoint.LIVEZ.path(), Endpoint.READYZ.path());

    private final Tokens tokens;
    private final Json json;
    private final boolean isSecure;

    /** @param isSecure whether connections have TLS, so that browsers send the cookie by them only */
    public TokenGuard(Tokens tokens, boolean isSecure, Json json) {
        this.tokens = tokens;
        this.isSecure = isSecure;
        this.json = json;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String path = Objects.requireNonNullElse(
                request.getHttpURI().getPath(), ""); // as sent: nothing else passes without a token
        boolean isExchange = SESSION.equals(path) && HttpMethod.POST.is(request.getMethod());
        if (READING.contains(request.getMethod()) && isOpen(path)) {
            return super.handle(request, response, callback);
        }
        Optional<String> token = isExchange ? bearer(request) : bearer(request).or(() -> cookie(request));
        Optional<Role> role = token.flatMap(tokens::roleOf);
        if (role.isEmpty()) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer realm=\"millrace\"");
            String detail = token.isEmpty()
                    ? "a token is needed, as the header Authorization: Bearer <token>"
                    : "this token is not known";
            return refuse(HttpStatus.UNAUTHORIZED_401, detail, response, callback);
        }
        if (isExchange) {
            return setCookie(token.orElseThrow(), response, callback);
        }
        if (!role.orElseThrow().includes(needed(request.getMethod(), path))) {
            return refuse(HttpStatus.FORBIDDEN_403, "this token may read, and not write", response, callback);
        }
        return super.handle(request, response, callback);
    }

    private static boolean isOpen(String path) {
        return HEALTH.contains(path)
                || path.equals("/")
                || (path.startsWith(PageRoutes.FILES)
                        && PageFile.BY_NAME.containsKey(path.substring(PageRoutes.FILES.length())));
    }

    private static Role needed(String method, String path) {
        boolean isQuestion = HttpMethod.POST.is(method) && path.equals(Endpoint.RECALL_POST.path());
        return isQuestion || READING.contains(method) ? Role.READ : Role.WRITE;
    }

    private static Optional<String> bearer(Request request) {
        return Optional.ofNullable(request.getHeaders().get(HttpHeader.AUTHORIZATION))
                .filter(header -> header.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(header -> header.substring(BEARER.length()).strip())
                .filter(token -> TOKEN.matcher(token).matches());
    }

    private static Optional<String> cookie(Request request) {
        List<HttpCookie> cookies = Request.getCookies(request);
        return cookies.stream()
                .filter(cookie -> cookie.getName().equals(COOKIE))
                .map(HttpCookie::getValue)
                .findFirst();
    }

    private boolean setCookie(String token, Response response, Callback callback) {
        Response.putCookie(
                response,
                HttpCookie.build(COOKIE, token)
                        .path("/")
                        .httpOnly(true)
                        .secure(isSecure)
                        .sameSite(HttpCookie.SameSite.STRICT)
                        .build());
        response.setStatus(HttpStatus.NO_CONTENT_204);
        HttpSetup.HEADERS.forEach(response.getHeaders()::put);
        response.write(true, BufferUtil.EMPTY_BUFFER, callback);
        return true;
    }

    private boolean refuse(int status, String detail, Response response, Callback callback) {
        byte[] problem = HttpSetup.refuse(response, Problem.of(status, detail), json);
        response.write(true, ByteBuffer.wrap(problem), callback);
        return true;
    }
}
