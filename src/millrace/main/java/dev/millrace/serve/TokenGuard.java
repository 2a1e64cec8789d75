package dev.millrace.serve;

import dev.millrace.access.Bearer;
import dev.millrace.access.Role;
import dev.millrace.access.Tokens;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
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
 * <p>It stands before all other handlers, and reads no body. A token comes as {@code Authorization: Bearer}. The page exchanges it for the cookie of a
 * session, as a browser sends no header with server-sent events. What needs no token is listed, path by path, and has nothing of items
 * or users: health, and the files of the page.
 *
 * <p>A browser sends the cookie to other ports of this host too (RFC 6265, 8.5), where whoever listens reads it. So it has no token, but the number of a
 * session of this process. It also sends it with requests of pages from there, {@code SameSite} or not. So what comes with the cookie and changes something
 * must be JSON, which such a page may not send.
 */
final class TokenGuard extends Handler.Wrapper {

    /** A token is exchanged for a session here, which ends with the browser or the server. */
    static final String SESSION = "/v1/session";

    /** Attribute of a request that has passed: its {@link Bearer}. */
    static final String BEARER = "millrace.bearer";

    /** Attribute of such a request: a {@link BooleanSupplier} of whether its token still is what it was. */
    static final String STILL_KNOWN = "millrace.still-known";

    private static final String COOKIE = "millrace";
    private static final String SCHEME = "Bearer ";
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]+"); // RFC 6750
    private static final Set<String> READING = Set.of("GET", "HEAD");
    private static final Set<String> HEALTH = Set.of("/livez", "/readyz");

    private static final int MOST_SESSIONS = 1_000; // then the oldest ends
    private static final int SESSION_BYTES = 24;

    private final Tokens tokens;
    private final boolean isSecure;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, String> tokenBySession = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > MOST_SESSIONS;
        }
    });

    /** @param isSecure whether connections have TLS, so that browsers send the cookie by them only */
    TokenGuard(Tokens tokens, boolean isSecure) {
        this.tokens = tokens;
        this.isSecure = isSecure;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String path = Objects.requireNonNullElse(
                request.getHttpURI().getPath(), ""); // as sent: nothing else passes without a token
        boolean isExchange = SESSION.equals(path) && HttpMethod.POST.is(request.getMethod());
        if (READING.contains(request.getMethod()) && isOpen(path)) {
            return super.handle(request, response, callback);
        }
        Optional<String> sent = sent(request);
        Optional<String> token = isExchange ? sent : sent.or(() -> ofSession(request));
        Optional<Bearer> bearer = token.flatMap(tokens::bearerOf);
        if (bearer.isEmpty()) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer realm=\"millrace\"");
            String detail = token.isEmpty()
                    ? "a token is needed, as the header Authorization: Bearer <token>"
                    : "this token is not known";
            return HttpSetup.refuse(HttpStatus.UNAUTHORIZED_401, detail, response, callback);
        }
        if (isExchange) {
            return begin(token.orElseThrow(), response, callback);
        }
        Role needed = needed(request.getMethod(), path);
        if (!bearer.get().role().includes(needed)) {
            return HttpSetup.refuse(HttpStatus.FORBIDDEN_403, lacking(needed, bearer.get()), response, callback);
        }
        boolean isByCookie = sent.isEmpty();
        if (isByCookie
                && needed != Role.READ
                && !isJson(request)) { // a page from elsewhere must ask before it sends this
            String detail =
                    "with the cookie in place of the header Authorization, the Content-Type must be " + HttpSetup.JSON;
            return HttpSetup.refuse(HttpStatus.UNSUPPORTED_MEDIA_TYPE_415, detail, response, callback);
        }
        request.setAttribute(BEARER, bearer.get());
        String known = token.orElseThrow();
        request.setAttribute(
                STILL_KNOWN, (BooleanSupplier) () -> tokens.bearerOf(known).equals(bearer));
        return super.handle(request, response, callback);
    }

    private static boolean isOpen(String path) {
        return HEALTH.contains(path)
                || path.equals("/")
                || (path.startsWith(PageRoutes.FILES)
                        && PageFile.BY_NAME.containsKey(path.substring(PageRoutes.FILES.length())));
    }

    private static Role needed(String method, String path) {
        boolean isQuestion = HttpMethod.POST.is(method) && path.equals("/v1/recall");
        if (isQuestion || READING.contains(method)) {
            return Role.READ;
        }
        return OperatorRoutes.isOrder(method, path) ? Role.ADMIN : Role.WRITE;
    }

    /** What is said to a bearer who may not do what was asked. */
    static String lacking(Role needed, Bearer bearer) {
        return "the role " + needed.text() + " is needed, and this token has "
                + bearer.role().text();
    }

    private static boolean isJson(Request request) {
        return HttpSetup.JSON.equals(request.getHeaders().get(HttpHeader.CONTENT_TYPE));
    }

    private static Optional<String> sent(Request request) {
        return Optional.ofNullable(request.getHeaders().get(HttpHeader.AUTHORIZATION))
                .filter(header -> header.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
                .map(header -> header.substring(SCHEME.length()).strip())
                .filter(token -> TOKEN.matcher(token).matches());
    }

    private Optional<String> ofSession(Request request) {
        List<HttpCookie> cookies = Request.getCookies(request);
        return cookies.stream()
                .filter(cookie -> cookie.getName().equals(COOKIE))
                .flatMap(cookie -> Optional.ofNullable(tokenBySession.get(cookie.getValue())).stream())
                .findFirst();
    }

    private boolean begin(String token, Response response, Callback callback) {
        byte[] bytes = new byte[SESSION_BYTES];
        random.nextBytes(bytes);
        String session = Base64.getUrlEncoder().encodeToString(bytes);
        tokenBySession.put(session, token);
        Response.putCookie(
                response,
                HttpCookie.build(COOKIE, session)
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
}
