import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package of somebody else's that is shipped inside the program. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  /** The text that has to be passed on; empty where the package has none. */
  readonly licenseText: string;
}

/**
 * Reads what `node_modules` says of a package.
 * @throws Error when it does not name its license
 */
export function readThirdParty(root: string, name: string): ThirdParty {
  const folder = join(root, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (typeof license !== "string" || license === "") throw new Error(`${name} does not name its license`);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const licenseText = file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim();
  return { name, version, license, licenseText };
}

/** One text with the licenses of all. */
export function renderLicenses(parties: readonly ThirdParty[]): string {
  const parts = parties.map(({ name, version, license, licenseText }) => {
    const head = `${name} ${version}\nLicense: ${license}\n`;
    return licenseText === "" ? head : `${head}\n${licenseText}\n`;
  });
  const intro = "compute_ctl contains the following software of others, under the licenses given.\n";
  return [intro, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}

/** A bill of materials in CycloneDX's form; without dates and chance, so that the same parts give the same bytes. */
export function renderBillOfMaterials(version: string, parties: readonly ThirdParty[]): string {
  const components = parties.map((party) => ({
    type: "library",
    name: party.name,
    version: party.version,
    licenses: [{ expression: party.license }],
    purl: `pkg:npm/${party.name.replace("@", "%40")}@${party.version}`,
  }));
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", name: "compute_ctl", version, licenses: [{ expression: "Apache-2.0" }] },
    },
    components,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
