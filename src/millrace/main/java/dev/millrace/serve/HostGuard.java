package dev.millrace.serve;

import dev.millrace.access.HostNames;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses what a browser sends for a page that is not this server's; lets all else pass.
 *
 * <p>Whoever owns a name may let it resolve to the address of a server that only others can reach (DNS rebinding). A browser then takes the server for the
 * owner's, and gives its page all answers. But the request has that name as its {@code Host}. An address as {@code Host} is let pass, any address: it resolves to
 * nothing else. A page that asks by the server's own name or address has an {@code Origin} of its own, where browsers send one.
 *
 * <p>Probes are let pass whatever they say: whoever sends them may ask by any name, and they have nothing of items or users.
 */
final class HostGuard extends Handler.Wrapper {

    private static final Set<String> PROBES = Set.of("/livez", "/readyz", "/metrics");
    private static final String LOOPBACK = "localhost";
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-fA-F:.]+]");
    private static final Pattern ORIGIN =
            Pattern.compile("(https?)://([^/?#@:\\[\\]]+|\\[[0-9a-f:.]+])(?::(\\d{1,5}))?");

    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    private final HostNames names;
    private final String own;
    private final boolean isAnyName;

    /**
     * @param own what the server binds, which may be a name
     * @param isAnyName whether the server may be asked by any name, as nobody is let in without a token
     */
    HostGuard(HostNames names, String own, boolean isAnyName) {
        this.names = names;
        this.own = own.toLowerCase(Locale.ROOT);
        this.isAnyName = isAnyName;
    }

    /** Whether a path is answered whoever asks for it, and by which name. */
    static boolean isProbe(Request request) {
        return PROBES.contains(Objects.requireNonNullElse(request.getHttpURI().getPath(), "")); // as sent
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (isProbe(request)) {
            return super.handle(request, response, callback);
        }
        String host = Request.getServerName(request).toLowerCase(Locale.ROOT);
        if (!isAnyName && !isOwn(host)) {
            String rule = "must be a loopback name, an address, or one of " + names.setting();
            return HttpSetup.refuse(
                    HttpStatus.MISDIRECTED_REQUEST_421, "Host = " + host + ": " + rule, response, callback);
        }
        for (String origin : request.getHeaders().getValuesList(HttpHeader.ORIGIN)) {
            if (!isOwnOrigin(origin, host, request.getHttpURI().getPort())) {
                String rule = "must be the host and port that were asked, or one of " + names.setting();
                return HttpSetup.refuse(
                        HttpStatus.FORBIDDEN_403, "Origin = " + origin + ": " + rule, response, callback);
            }
        }
        return super.handle(request, response, callback);
    }

    private boolean isOwn(String host) {
        return host.equals(LOOPBACK)
                || host.equals(own)
                || ADDRESS.matcher(host).matches()
                || names.given().contains(host);
    }

    /**
     * A proxy may ask by another name than its own clients did: its name is then among those that are given.
     *
     * @param port that was asked; below 1 for that of the scheme, which behind a proxy only the browser knows
     */
    private boolean isOwnOrigin(String origin, String host, int port) {
        Matcher from = ORIGIN.matcher(origin.toLowerCase(Locale.ROOT));
        if (!from.matches()) { // such as null, of a page without one
            return false;
        }
        int ofScheme = from.group(1).equals("https") ? HTTPS_PORT : HTTP_PORT;
        int fromPort = from.group(3) == null ? ofScheme : Integer.parseInt(from.group(3));
        return names.given().contains(from.group(2))
                || (from.group(2).equals(host) && fromPort == (port < 1 ? ofScheme : port));
    }
}
