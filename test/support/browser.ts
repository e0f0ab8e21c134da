import { accessSync, constants } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const program = "/usr/bin/chromium";
const launchMsMax = 60_000;

/** Why tests in a browser cannot run here; false when they can. */
export const browserMissing: string | false = isThere() ? false : "Debian's chromium is not installed";

function isThere(): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts a browser that knows nobody and asks nobody for anything. Its profile is new, and gone when it is closed. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    timeout: launchMsMax,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-lcd-text",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: "light" | "dark";
}

/** A page, and what went wrong in it so far: errors, warnings of the console, violations of its policy, requests to elsewhere. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens a page in a context of its own. @param expected complaints that the test itself provokes */
export async function openPage(
  browser: Browser,
  url: string,
  { width, height, colorScheme }: Look,
  expected: RegExp = /(?!)/,
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const complaints: string[] = [];
  const complain = (text: string): void => {
    if (!expected.test(text)) complaints.push(text);
  };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complain(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complain(`exception: ${error.message}`));
  const { origin } = new URL(url);
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complain(`request to elsewhere: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Waits until an element's text is exactly this. */
export async function shows(page: Page, selector: string, text: string): Promise<void> {
  const exactly = new RegExp(`^${RegExp.escape(text)}$`);
  await page.locator(selector).filter({ hasText: exactly }).waitFor();
}

/** By how many pixels the page is wider than its window. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
