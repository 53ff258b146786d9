import type { Json } from "../schema.ts";

function nulls(names: string): Json {
  return Object.fromEntries(names.split(" ").map((name) => [name, null]));
}

/** Fields of the CRM engine below Bigin. Metadata do not list them, but every search without `fields` returns them. */
export const engineFields: Record<string, Json> = {
  Contacts: nulls(
    "Other_Phone Other_State Other_Country Department Assistant Reporting_To Other_City " +
      "Secondary_Email Other_Zip Twitter Salutation Asst_Phone Skype_ID Date_of_Birth Other_Street " +
      "Lead_Source Fax",
  ),
  Accounts: {
    ...nulls(
      "Account_Type SIC_Code Industry Account_Site Shipping_City Shipping_Country Shipping_Code " +
        "Annual_Revenue Shipping_Street Ownership Rating Shipping_State Employees Ticker_Symbol " +
        "Parent_Account Fax",
    ),
    Account_Number: "0",
  },
  Products: {
    ...nulls(
      "Sales_Start_Date Manufacturer Support_Expiry_Date Commission_Rate Handler " +
        "Support_Start_Date Usage_Unit Sales_End_Date",
    ),
    Qty_in_Demand: 0,
    Qty_Ordered: 0,
    Qty_in_Stock: 0,
    Reorder_Level: 0,
    Tax: [],
    Taxable: true,
  },
  Pipelines: nulls("Probability Expected_Revenue Lead_Source Next_Step Campaign_Source Type"),
};
